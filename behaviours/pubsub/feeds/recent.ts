/**
 * @module Recent: the last messages of a feed, for neighbours that come over another path and lack them. A bridge of some seconds, not a history: a ring
 * of bytes, which grows with the messages, bounded for each feed, and by one budget for all feeds of the node. Adding allocates nothing. Pure.
 */

import { copyRange } from '../../../core/structures/bytes.js';

export interface RecentMessage {
  readonly form: number;
  readonly content: Uint8Array;
}

/** What one feed keeps at most; a power of two. */
const MESSAGES_MAX = 64;
/** The ring of a feed at first, and at most. */
const RING_BYTES_MIN = 4 * 1_024;
const RING_BYTES_MAX = 64 * 1_024;
const NONE = new Uint8Array(0);

/** Bytes that all feeds of a node may keep together. */
export class RecentBudget {
  constructor(public left: number) {}

  /** Whether there was room for so many more, which are taken. */
  take(byteCount: number): boolean {
    if (byteCount > this.left) return false;
    this.left -= byteCount;
    return true;
  }
}

export class Recent {
  private ring: Uint8Array = NONE;
  /** Where each message lies, by its number. */
  private readonly starts: number[] = [];
  private readonly lengths: number[] = [];
  private readonly forms: number[] = [];
  private count = 0;
  private last = 0;
  /** Where the next one goes. */
  private at = 0;

  constructor(private readonly budget: RecentBudget) {}

  /** The number of the oldest one from which all are kept up to `next`, which comes after them; `next` when there is none. */
  fromBefore(next: number): number {
    return this.last === next - 1 ? this.from : next;
  }

  /** Copies the content `bytes[start..end)`. One that does not follow the last one begins anew. */
  add(number: number, form: number, bytes: Uint8Array, start: number, end: number): void {
    if (number !== this.last + 1) this.count = 0;
    this.last = number;
    const length = end - start;
    if (!this.makeRoom(length)) {
      this.count = 0;
      return;
    }
    copyRange(bytes, start, end, this.ring, this.at);
    this.starts[number % MESSAGES_MAX] = this.at;
    this.forms[number % MESSAGES_MAX] = form;
    this.lengths[number % MESSAGES_MAX] = length;
    this.at += length;
    this.count++;
  }

  /** Those from a number on: views, valid until the next one is added. */
  since(number: number): readonly RecentMessage[] {
    const found: RecentMessage[] = [];
    for (let each = Math.max(number, this.from); each <= this.last; each++) {
      const at = each % MESSAGES_MAX;
      const start = this.starts[at] as number;
      found.push({ form: this.forms[at] as number, content: this.ring.subarray(start, start + (this.lengths[at] as number)) });
    }
    return found;
  }

  clear(): void {
    this.count = 0;
    this.budget.left += this.ring.length;
    this.ring = NONE;
  }

  private get from(): number {
    return this.last + 1 - this.count;
  }

  /** Passes over to the start of the ring when its end is near; what lies in the place gives way. */
  private makeRoom(length: number): boolean {
    if (this.count === MESSAGES_MAX) this.count--;
    if (4 * length > this.ring.length && !this.grow(length)) return false;
    if (this.at + length > this.ring.length) {
      while (this.count > 0 && this.oldestStart >= this.at) this.count--;
      this.at = 0;
    }
    while (this.count > 0 && this.oldestStart >= this.at && this.oldestStart < this.at + length) this.count--;
    return true;
  }

  /** `last` is already the number of the one that is added. */
  private get oldestStart(): number {
    return this.starts[(this.last - this.count) % MESSAGES_MAX] as number;
  }

  /** To a ring in which several such messages have room, if the budget has it. Those that were there are gone. */
  private grow(length: number): boolean {
    let wanted = RING_BYTES_MIN;
    while (wanted < RING_BYTES_MAX && wanted < MESSAGES_MAX * length) wanted += wanted;
    if (length > wanted || wanted === this.ring.length) return length <= this.ring.length;
    if (!this.budget.take(wanted - this.ring.length)) return length <= this.ring.length;
    this.ring = new Uint8Array(wanted);
    this.count = 0;
    this.at = 0;
    return true;
  }
}
