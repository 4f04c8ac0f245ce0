/**
 * @module PingHistory: the last pings of a link, and which of them were answered. A ring of numbers: every open link has one.
 */

/** So many are remembered: loss is the share of them that was not answered. */
const PINGS_REMEMBERED = 16;

export class PingHistory {
  /** By place: what was sent, and when. */
  private readonly values: number[] = [];
  private readonly sentMs: number[] = [];
  /** A bit for each place. */
  private answered = 0;
  private next = 0;

  add(value: number, sentMs: number): void {
    const place = this.next++ % PINGS_REMEMBERED;
    this.values[place] = value;
    this.sentMs[place] = sentMs;
    this.answered &= ~(1 << place);
  }

  /** When the ping of that value was sent, the first time that it is answered; `undefined` for any other value. */
  answer(value: number): number | undefined {
    const place = this.values.indexOf(value);
    if (place < 0 || (this.answered & (1 << place)) !== 0) return undefined;
    this.answered |= 1 << place;
    return this.sentMs[place];
  }

  get answeredCount(): number {
    let count = 0;
    for (let bits = this.answered; bits !== 0; bits &= bits - 1) count++;
    return count;
  }

  /** How many of those that were sent later than `fromMs`, and not after `toMs`, have no answer. */
  unansweredCount(fromMs: number, toMs: number): number {
    let count = 0;
    for (let place = 0; place < this.values.length; place++) {
      const sentMs = this.sentMs[place] as number;
      if (sentMs > fromMs && sentMs <= toMs && (this.answered & (1 << place)) === 0) count++;
    }
    return count;
  }

  clear(): void {
    this.values.length = 0;
    this.sentMs.length = 0;
    this.answered = 0;
    this.next = 0;
  }
}
