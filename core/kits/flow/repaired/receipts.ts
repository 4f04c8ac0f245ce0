/**
 * @module Receipts: the receiving side of a repaired path: which packets have come, and what the sender is to be sent about it. A packet that is
 * very late counts as seen: it is lost, and repaired. An acknowledgement is due with every second packet, soon after a single one, and at once
 * after a gap; it is never acknowledged itself, so that two sides do not answer each other for ever. Pure: its owner looks at `dueMs`, and sends
 * what `take` returns.
 */
import { type PacketRange, SeenNumbers } from './seen-numbers.js';

/** What has come: the latest ranges, newest first and one at least. `delayMs`: how long the newest packet waited for this acknowledgement. */
export interface Acknowledgement {
  readonly ranges: readonly PacketRange[];
  readonly delayMs: number;
}

/** How long a packet may wait for being acknowledged. */
export const ACK_DELAY_MS = 25;
/** So many packets are acknowledged at once. */
const PACKETS_PER_ACK = 2;

/** Which packets of a repaired path have come, and what the sender is to be sent about it. */
export class Receipts {
  readonly #seen = new SeenNumbers();
  #newestMs = 0;
  #unsentCount = 0;
  /** When the next acknowledgement is to be sent; `Infinity` while there is nothing to acknowledge. */
  dueMs = Number.POSITIVE_INFINITY;

  /** A packet has come. Whether it is new: what it carries is to be handled. */
  receive(number: number, nowMs: number): boolean {
    const { newest } = this.#seen;
    const isNew = this.#seen.add(number);
    if (number > newest) this.#newestMs = nowMs;
    this.#unsentCount++;
    const isUrgent = number !== newest + 1 || this.#unsentCount >= PACKETS_PER_ACK;
    this.dueMs = Math.min(this.dueMs, isUrgent ? nowMs : nowMs + ACK_DELAY_MS);
    return isNew;
  }

  /** What is to be sent now, after something has come. */
  take(nowMs: number): Acknowledgement {
    this.#unsentCount = 0;
    this.dueMs = Number.POSITIVE_INFINITY;
    return { ranges: this.#seen.ranges, delayMs: nowMs - this.#newestMs };
  }
}
