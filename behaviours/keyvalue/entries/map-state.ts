/**
 * @module MapState: what one holder has of one map, in 256 ranges by the hash of the key. Each range has a digest over keys and revisions, so that two
 * holders find out where they differ without sending what is equal. Changes are numbered as they arrive here, for watches. Pure.
 *
 * Merging is the same on every holder, in whatever order: of two entries of a key the higher revision stays; one that it does not follow has lost.
 */
import { type Deadlined, DeadlineHeap, type NodeId } from '../../../core/index.js';
import { mixWord } from '../../../core/structures/mix.js';
import { ENTRY_OVERHEAD_BYTES, type Entry, follows, lineageOf, TOMBSTONE_MS } from './entry.js';

export const RANGES = 256;
/** Changes that were overtaken are swept out of the list when they are as many as the others, and so many. */
const SWEEP_MIN = 1_024;

/** An entry in its place here. */
export interface Held extends Deadlined {
  readonly entry: Entry;
  /** The number of the change that brought it. */
  readonly arrival: number;
}

export interface Usage {
  keys: number;
  bytes: number;
}

/** `loser`: of two branches that have met, the entry that lost, and the one that won. */
export interface Merged {
  readonly isNews: boolean;
  readonly loser?: { readonly lost: Entry; readonly winner: Entry };
}

const NO_NEWS: Merged = { isNews: false };

export class MapState {
  readonly usage: Usage = { keys: 0, bytes: 0 };
  /** Made when they are needed: most maps are small. */
  private readonly ranges: (Map<string, Held> | undefined)[] = new Array(RANGES).fill(undefined);
  private readonly digests = new Uint32Array(2 * RANGES);
  private readonly bySource = new Map<NodeId, Usage>();
  private readonly deadlines = new DeadlineHeap<Held>();
  private changes: Held[] = [];
  private arrivals = 0;

  get lastArrival(): number {
    return this.arrivals;
  }

  /** The number of something else that watches are sent. */
  nextArrival(): number {
    return ++this.arrivals;
  }

  get nextDueMs(): number {
    return this.deadlines.nextDueMs;
  }

  get(key: string): Entry | undefined {
    return this.heldOf(key)?.entry;
  }

  usageOf(source: NodeId): Readonly<Usage> {
    return this.bySource.get(source) ?? NO_USAGE;
  }

  *entries(): Generator<Entry> {
    for (const range of this.ranges) if (range !== undefined) for (const { entry } of range.values()) yield entry;
  }

  entriesIn(range: number): Entry[] {
    return [...(this.ranges[range]?.values() ?? [])].map(({ entry }) => entry);
  }

  /** Two words for each range. */
  get rangeDigests(): readonly number[] {
    return [...this.digests];
  }

  /** One text over all ranges: equal for holders that hold the same. */
  get digest(): string {
    return digestOf(this.digests);
  }

  /** Entries that have come, or were replaced, after that number: of each key the last one, in the order in which they came. */
  *changesAfter(arrival: number): Generator<Held> {
    let at = lowerBound(this.changes, arrival + 1);
    for (; at < this.changes.length; at++) {
      const held = this.changes[at] as Held;
      if (this.heldOf(held.entry.key) === held) yield held;
    }
  }

  /** Holds it in place of whatever was held of that key. */
  put(entry: Entry): Held {
    const { key, dueMs } = entry;
    const range = this.rangeOf(key);
    this.drop(range.get(key));
    const held: Held = { entry, arrival: ++this.arrivals, dueMs, heapIndex: -1, heapOrder: 0 };
    range.set(key, held);
    this.account(entry, 1);
    if (dueMs !== Number.POSITIVE_INFINITY) this.deadlines.add(held);
    this.changes.push(held);
    if (this.changes.length > SWEEP_MIN + 2 * this.usage.keys) this.sweep();
    return held;
  }

  /** What another holder has. */
  merge(entry: Entry, nowMs: number): Merged {
    const own = this.get(entry.key);
    if (own === undefined) {
      // A deletion that would be forgotten at once.
      if (entry.value === undefined && entry.dueMs <= nowMs) return NO_NEWS;
      this.put(entry);
      return { isNews: true };
    }
    if (own.revision === entry.revision) return NO_NEWS;
    const [winner, other] = own.revision > entry.revision ? [own, entry] : [entry, own];
    const hasLost = !follows(winner, other.revision);
    if (!hasLost && winner === own) return NO_NEWS;
    const kept = hasLost ? { ...winner, lineage: lineageOf(undefined, [...winner.lineage, other.revision, ...other.lineage]) } : winner;
    if (winner === own) this.absorb(kept);
    else this.put(kept);
    return { isNews: winner !== own, ...(hasLost && { loser: { lost: other, winner } }) };
  }

  /** The entries whose time is over: their owner deletes values; deletions are forgotten by themselves. */
  takeDue(nowMs: number): readonly Entry[] {
    const expired: Entry[] = [];
    for (let due = this.deadlines.takeDue(nowMs); due !== undefined; due = this.deadlines.takeDue(nowMs)) {
      if (due.entry.value === undefined) this.forget(due.entry.key);
      else expired.push(due.entry);
    }
    return expired;
  }

  /** Values whose time was over before this node could delete them. */
  overdue(nowMs: number): readonly Entry[] {
    return [...this.entries()].filter(({ value, dueMs }) => value !== undefined && dueMs <= nowMs);
  }

  rangeIndexOf(key: string): number {
    return hashOf(key) & (RANGES - 1);
  }

  private heldOf(key: string): Held | undefined {
    return this.ranges[this.rangeIndexOf(key)]?.get(key);
  }

  private rangeOf(key: string): Map<string, Held> {
    const index = this.rangeIndexOf(key);
    const range = this.ranges[index] ?? new Map<string, Held>();
    this.ranges[index] = range;
    return range;
  }

  /** The same write, which is known to follow more. No change. */
  private absorb(entry: Entry): void {
    (this.heldOf(entry.key) as { entry: Entry }).entry = entry;
  }

  private forget(key: string): void {
    const range = this.rangeOf(key);
    this.drop(range.get(key));
    range.delete(key);
  }

  private drop(held: Held | undefined): void {
    if (held === undefined) return;
    this.deadlines.remove(held);
    this.account(held.entry, -1);
  }

  private account(entry: Entry, sign: 1 | -1): void {
    const bytes = sign * sizeOf(entry);
    const source = this.bySource.get(entry.source) ?? { keys: 0, bytes: 0 };
    for (const usage of [this.usage, source]) {
      usage.keys += sign;
      usage.bytes += bytes;
    }
    if (source.keys > 0) this.bySource.set(entry.source, source);
    else this.bySource.delete(entry.source);
    const keyHash = hashOf(entry.key);
    const word = hashOf(entry.revision);
    const at = 2 * (keyHash & (RANGES - 1));
    this.digests[at] = (this.digests[at] as number) ^ mixWord(keyHash ^ word);
    this.digests[at + 1] = (this.digests[at + 1] as number) ^ mixWord(Math.imul(keyHash, 31) + word);
  }

  private sweep(): void {
    this.changes = this.changes.filter((held) => this.heldOf(held.entry.key) === held);
  }
}

/** Of two words for each range, or of none. */
export function digestOf(words: ArrayLike<number>): string {
  let [high, low] = [0, 0];
  for (let at = 0; at < words.length; at += 2) {
    high = mixWord((high + at) ^ (words[at] as number));
    low = mixWord((low + at) ^ (words[at + 1] as number));
  }
  return hexWord(high) + hexWord(low);
}

function hexWord(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

const NO_USAGE: Usage = { keys: 0, bytes: 0 };

/** The memory of a key is estimated as one byte for each UTF-16 unit. */
export function sizeOf({ key, value }: Pick<Entry, 'key' | 'value'>): number {
  return ENTRY_OVERHEAD_BYTES + key.length + (value?.length ?? 0);
}

/** A deletion of a key, by its owner. */
export function tombstone(entry: Omit<Entry, 'value' | 'dueMs'>, nowMs: number): Entry {
  return { ...entry, value: undefined, dueMs: nowMs + TOMBSTONE_MS };
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mixWord(hash);
}

function lowerBound(changes: readonly Held[], arrival: number): number {
  let [low, high] = [0, changes.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((changes[middle] as Held).arrival < arrival) low = middle + 1;
    else high = middle;
  }
  return low;
}
