/**
 * @module Recent: the last messages of a feed, for neighbours that come over another path and lack them. A bridge of some seconds, not a history: a ring
 * of bytes with the runs in which they came, which grows with the messages, bounded for each feed, and by one budget for all feeds of the node. Adding
 * allocates nothing. Pure.
 */

import { copyRange } from '../../../core/structures/bytes.js';
import { skipInRun } from './run.js';

/** Messages whose numbers follow each other, as they go over a link (`run.ts`). */
export interface RecentRun {
  readonly first: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** So many of the last messages are kept: what else came in one run with the oldest of them is not given to anybody. */
const MESSAGES_MAX = 64;
/** Runs of one feed: without the oldest they have fewer messages than are kept. */
const RUNS_MAX = MESSAGES_MAX;
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
  /** Of each run, by its place. */
  private readonly firsts: number[] = [];
  private readonly counts: number[] = [];
  private readonly starts: number[] = [];
  private readonly lengths: number[] = [];
  private oldest = 0;
  private runCount = 0;
  /** Messages of all runs. */
  private count = 0;
  private last = 0;
  /** Where the next one goes. */
  private at = 0;

  constructor(private readonly budget: RecentBudget) {}

  /** The number of the oldest one from which all are kept up to `next`, which comes after them; `next` when there is none. */
  fromBefore(next: number): number {
    return this.last === next - 1 ? next - Math.min(this.count, MESSAGES_MAX) : next;
  }

  /** Copies the run `bytes[start..end)`, of a longer one the end. One that does not follow the last one begins anew. */
  add(first: number, count: number, bytes: Uint8Array, start: number, end: number): void {
    const passed = count - MESSAGES_MAX;
    if (passed > 0) return this.add(first + passed, MESSAGES_MAX, bytes, skipInRun(bytes, start, passed), end);
    if (first !== this.last + 1) this.forget();
    this.last = first + count - 1;
    while (this.runCount > 0 && this.count + count - this.oldestCount >= MESSAGES_MAX) this.dropOldest();
    if (!this.makeRoom(end - start, count)) return this.forget();
    const place = (this.oldest + this.runCount) % RUNS_MAX;
    copyRange(bytes, start, end, this.ring, this.at);
    this.firsts[place] = first;
    this.counts[place] = count;
    this.starts[place] = this.at;
    this.lengths[place] = end - start;
    this.at += end - start;
    this.runCount++;
    this.count += count;
  }

  /** Those from a number on: views, valid until the next one is added. */
  since(number: number): readonly RecentRun[] {
    const found: RecentRun[] = [];
    for (let index = 0; index < this.runCount; index++) {
      const place = (this.oldest + index) % RUNS_MAX;
      const [first, count] = [this.firsts[place] as number, this.counts[place] as number];
      const start = this.starts[place] as number;
      const run = { first, count, bytes: this.ring.subarray(start, start + (this.lengths[place] as number)) };
      if (first + count > number) found.push(first >= number ? run : endOf(run, number));
    }
    return found;
  }

  clear(): void {
    this.forget();
    this.budget.left += this.ring.length;
    this.ring = NONE;
  }

  private get oldestCount(): number {
    return this.counts[this.oldest] as number;
  }

  private get oldestStart(): number {
    return this.starts[this.oldest] as number;
  }

  private forget(): void {
    this.runCount = 0;
    this.count = 0;
  }

  private dropOldest(): void {
    this.count -= this.oldestCount;
    this.runCount--;
    this.oldest = (this.oldest + 1) % RUNS_MAX;
  }

  /** Passes over to the start of the ring when its end is near; what lies in the place gives way. */
  private makeRoom(length: number, count: number): boolean {
    if (4 * length > this.ring.length && !this.grow(length, count)) return false;
    if (this.at + length > this.ring.length) {
      while (this.runCount > 0 && this.oldestStart >= this.at) this.dropOldest();
      this.at = 0;
    }
    while (this.runCount > 0 && this.oldestStart >= this.at && this.oldestStart < this.at + length) this.dropOldest();
    return true;
  }

  /** To a ring in which several such runs have room, if the budget has it. Those that were there are gone. */
  private grow(length: number, count: number): boolean {
    let wanted = RING_BYTES_MIN;
    while (wanted < RING_BYTES_MAX && wanted < Math.max(4 * length, (MESSAGES_MAX * length) / count)) wanted += wanted;
    if (length > wanted || wanted <= this.ring.length) return length <= this.ring.length;
    if (!this.budget.take(wanted - this.ring.length)) return length <= this.ring.length;
    this.ring = new Uint8Array(wanted);
    this.forget();
    this.at = 0;
    return true;
  }
}

/** The messages of the run from that number on, which is one of them. */
function endOf({ first, count, bytes }: RecentRun, number: number): RecentRun {
  const passed = number - first;
  return { first: number, count: count - passed, bytes: bytes.subarray(skipInRun(bytes, 0, passed)) };
}
