/**
 * @module PingHistory: the last pings of a link, and which of them were answered: a bit for each place of a ring, and the value and time of those that
 * have no answer, which on a healthy link is one at most. Every open link has a history.
 */
import { noneOf } from '../../structures/few-list.js';

/** So many are remembered: loss is the share of them that was not answered. */
const PINGS_REMEMBERED = 16;

interface Ping {
  readonly place: number;
  readonly value: number;
  readonly sentMs: number;
}

export class PingHistory {
  private unanswered: readonly Ping[] = noneOf();
  /** A bit for each place. */
  private answered = 0;
  private next = 0;

  add(value: number, sentMs: number): void {
    const place = this.next++ % PINGS_REMEMBERED;
    this.forget(place);
    this.unanswered = this.unanswered.concat({ place, value, sentMs });
    this.answered &= ~(1 << place);
  }

  /** When the ping of that value was sent, the first time that it is answered; `undefined` for any other value. */
  answer(value: number): number | undefined {
    const ping = this.unanswered.find((one) => one.value === value);
    if (ping === undefined) return undefined;
    this.forget(ping.place);
    this.answered |= 1 << ping.place;
    return ping.sentMs;
  }

  get answeredCount(): number {
    let count = 0;
    for (let bits = this.answered; bits !== 0; bits &= bits - 1) count++;
    return count;
  }

  /** How many of those that were sent later than `fromMs`, and not after `toMs`, have no answer. */
  unansweredCount(fromMs: number, toMs: number): number {
    let count = 0;
    for (const { sentMs } of this.unanswered) if (sentMs > fromMs && sentMs <= toMs) count++;
    return count;
  }

  clear(): void {
    this.unanswered = noneOf();
    this.answered = 0;
    this.next = 0;
  }

  private forget(place: number): void {
    if (this.unanswered.length === 0) return;
    const others = this.unanswered.filter((one) => one.place !== place);
    this.unanswered = others.length === 0 ? noneOf() : others;
  }
}
