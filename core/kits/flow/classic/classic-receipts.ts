/**
 * @module ClassicReceipts: when the receiving side acknowledges by fixed numbers: when the newest packet is more than 30 after the last one that
 * was confirmed, or five packets brought nothing new. A sender that has less outstanding, and nothing more to send, would get none at all: so also
 * after a second. An acknowledgement has no number and draws none. What goes out anyway carries one. Pure.
 */
import type { Acknowledgement } from '../repaired/receipts.js';
import type { ReceivingSide } from '../repaired/repair.js';
import { SeenNumbers } from '../repaired/seen-numbers.js';

/** When anything came from the remote. */
export interface Heard {
  atMs: number | undefined;
}

const CONFIRMED_DISTANCE = 30;
const DUPLICATES_MAX = 5;
const DELAY_MS = 1_000;

export class ClassicReceipts implements ReceivingSide {
  readonly #seen = new SeenNumbers();
  #newestMs = 0;
  #confirmed = -1;
  #duplicateCount = 0;
  dueMs = Number.POSITIVE_INFINITY;

  constructor(private readonly heard: Heard) {}

  receive(number: number, nowMs: number, isNews: boolean): void {
    const { newest } = this.#seen;
    this.heard.atMs = nowMs;
    if (!this.#seen.add(number) || !isNews) this.#duplicateCount++;
    if (number > newest) this.#newestMs = nowMs;
    const isDue = number - this.#confirmed > CONFIRMED_DISTANCE || this.#duplicateCount >= DUPLICATES_MAX;
    this.dueMs = Math.min(this.dueMs, isDue ? nowMs : nowMs + DELAY_MS);
  }

  take(nowMs: number): Acknowledgement {
    this.#confirmed = this.#seen.newest;
    this.#duplicateCount = 0;
    this.dueMs = Number.POSITIVE_INFINITY;
    return { ranges: this.#seen.ranges, delayMs: nowMs - this.#newestMs };
  }
}
