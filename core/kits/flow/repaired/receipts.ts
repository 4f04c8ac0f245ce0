/**
 * @module Receipts: the receiving side of a repaired path: which packets have come, and what the sender is to be sent about it. Packets that were
 * received are kept as ranges, of which there are few: what lies below the oldest one that is kept counts as received, so that a packet that is
 * very late is lost, and repaired. An acknowledgement is due with every second packet, soon after a single one, and at once after a gap; it is
 * never acknowledged itself, so that two sides do not answer each other for ever. Pure: its owner looks at `dueMs`, and sends what `take` returns.
 */

/** Numbers from `first` to `last`, both included. */
export interface PacketRange {
  readonly first: number;
  readonly last: number;
}

/** What has come: the latest ranges, newest first and one at least. `delayMs`: how long the newest packet waited for this acknowledgement. */
export interface Acknowledgement {
  readonly ranges: readonly PacketRange[];
  readonly delayMs: number;
}

/** Ranges that are kept and sent. */
export const RANGES_MAX = 32;
/** How long a packet may wait for being acknowledged. */
export const ACK_DELAY_MS = 25;
/** So many packets are acknowledged at once. */
const PACKETS_PER_ACK = 2;

interface Range {
  first: number;
  last: number;
}

/** Which packets of a repaired path have come, and what the sender is to be sent about it. */
export class Receipts {
  /** Ascending, with a gap between any two. */
  readonly #ranges: Range[] = [];
  #newestMs = 0;
  #unsentCount = 0;
  /** When the next acknowledgement is to be sent; `Infinity` while there is nothing to acknowledge. */
  dueMs = Number.POSITIVE_INFINITY;

  /** A packet has come. Whether it is new: what it carries is to be handled. */
  receive(number: number, nowMs: number): boolean {
    const newest = this.#ranges.at(-1);
    const isNext = newest === undefined ? number === 0 : number === newest.last + 1;
    const isNewest = newest === undefined || number > newest.last;
    const isNew = this.#add(number);
    if (isNewest) this.#newestMs = nowMs;
    this.#unsentCount++;
    const isUrgent = !isNext || this.#unsentCount >= PACKETS_PER_ACK;
    this.dueMs = Math.min(this.dueMs, isUrgent ? nowMs : nowMs + ACK_DELAY_MS);
    return isNew;
  }

  /** What is to be sent now, after something has come. */
  take(nowMs: number): Acknowledgement {
    this.#unsentCount = 0;
    this.dueMs = Number.POSITIVE_INFINITY;
    return { ranges: this.#ranges.map(({ first, last }) => ({ first, last })).reverse(), delayMs: nowMs - this.#newestMs };
  }

  /** Most packets come in order: the search begins at the newest range. */
  #add(number: number): boolean {
    const ranges = this.#ranges;
    let index = ranges.length - 1;
    while (index >= 0 && (ranges[index] as Range).first > number) index--;
    const below = ranges[index];
    if (below === undefined ? ranges.length >= RANGES_MAX : number <= below.last) return false;
    const above = ranges[index + 1];
    if (below?.last === number - 1) {
      below.last = number;
      if (above?.first !== number + 1) return true;
      below.last = above.last;
      ranges.splice(index + 1, 1);
    } else if (above?.first === number + 1) above.first = number;
    else ranges.splice(index + 1, 0, { first: number, last: number });
    if (ranges.length > RANGES_MAX) ranges.shift();
    return true;
  }
}
