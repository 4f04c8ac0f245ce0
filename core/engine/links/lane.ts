/**
 * @module Lane: messages that wait for one link, already encoded, packed into slabs. A slab is what one record will seal, so that
 * messages that wait together share a record; no frame spans two slabs, and a frame larger than a record gets a slab of its own size.
 * Bounded in messages and bytes. A callback that throws has its frames cut out again (`cut`), also from between others.
 *
 * Slabs and segments come from bounded pools of the process: an empty lane holds no memory.
 */

import { readVarint, varintBytes, writeVarint } from '../../structures/bytes.js';
import { noneOf, withLast, withoutFirst } from '../../structures/few-list.js';
import { FewSet } from '../../structures/few-set.js';
import { RECORD_BYTES } from '../../wire/frame.js';
import type { Sending } from '../behaviors/owner.js';

/** The first slab of an empty lane: most bursts are short. One that is not moves on into a slab of a record's size. */
const SMALL_SLAB_BYTES = 4_096;
/** Frames up to this size, which are a little larger than a record, have slabs in the pool, too. */
const LARGE_SLAB_BYTES = 2 * RECORD_BYTES;

/** One record's worth of frames. */
export class Slab {
  used = 0;
  /** Frames in it, and how many of them are the engine's own: nobody misses those. */
  count = 0;
  ownCount = 0;
  /** Bytes that were sealed already; only of a slab that is larger than a record. */
  sealed = 0;

  constructor(public bytes: Uint8Array) {}
}

/** Where a callback's frames begin. They end where the next segment begins, or at the lane's end. */
class Segment {
  transaction = 0;
  slab: Slab | undefined = undefined;
  offset = 0;
}

/** Free slabs by size; the numbers bound the process: 384 KiB, 6 MiB, 8 MiB. */
const POOLS = [
  { slabBytes: SMALL_SLAB_BYTES, countMax: 96, slabs: [] as Slab[] },
  { slabBytes: RECORD_BYTES, countMax: 96, slabs: [] as Slab[] },
  { slabBytes: LARGE_SLAB_BYTES, countMax: 64, slabs: [] as Slab[] },
];

/** Segments of lanes that are settled; most callbacks write alone, so that one is enough. */
const SPARE_SEGMENTS: Segment[][] = [];
const SPARE_SEGMENTS_MAX = 64;

/** Full records that are written together before the turn ends: fewer writes to the system for a burst, whose cost is not its bytes alone. */
const RECORDS_AT_ONCE = 3;

export class Lane {
  /** In order; the first is sealed next, the last is written to. */
  slabs: Slab[] = noneOf();
  bytes = 0;
  count = 0;
  /** Senders that got `full`, and may try again when the lane is below half. */
  private refused: FewSet<Sending> | undefined;
  /** The transaction that wrote last, 0 outside of callbacks. */
  private transaction = 0;
  /** The first `segmentCount` are in use. */
  private segments: Segment[] = noneOf();
  private segmentCount = 0;

  constructor(
    private readonly bytesMax: number,
    private readonly countMax: number,
  ) {}

  /** Several full records wait, or there is little room left. */
  get isFlushUrgent(): boolean {
    return this.slabs.length > RECORDS_AT_ONCE || 2 * this.bytes > this.bytesMax;
  }

  /**
   * Reserves room for one frame of `messageBytes` and writes its length; returns the slab, whose `used` is where the message goes.
   * The caller writes exactly that many bytes and moves `used`. `undefined` when the lane is full.
   */
  reserve(messageBytes: number, frameBytes: number): Slab | undefined {
    if (this.bytes + frameBytes > this.bytesMax || this.count >= this.countMax) return undefined;
    const last = this.slabs[this.slabs.length - 1];
    const slab = last !== undefined && last.used + frameBytes <= RECORD_BYTES && last.sealed === 0 ? last : this.addSlab(frameBytes);
    if (slab.used + frameBytes > slab.bytes.length) enlarge(slab);
    slab.used = writeVarint(slab.bytes, slab.used, messageBytes);
    slab.count++;
    this.bytes += frameBytes;
    this.count++;
    return slab;
  }

  /** Whether such a message has room when nothing else waits. */
  canHold(messageBytes: number): boolean {
    return varintBytes(messageBytes) + messageBytes <= this.bytesMax;
  }

  /** Somebody who was refused may try again. */
  get isRoomWanted(): boolean {
    return this.refused !== undefined && this.isBelowHalf;
  }

  refuse(sender: Sending): void {
    this.refused ??= new FewSet();
    this.refused.add(sender);
  }

  hasRefused(sender: Sending): boolean {
    return this.refused?.has(sender) === true;
  }

  /** They are forgotten. */
  takeRefused(): readonly Sending[] {
    const refused = this.refused ?? noneOf<Sending>();
    this.refused = undefined;
    return [...refused];
  }

  private get isBelowHalf(): boolean {
    return 2 * this.bytes < this.bytesMax && 2 * this.count < this.countMax;
  }

  /** From here on what is written belongs to this transaction. Returns whether the lane has to be settled at its end. */
  mark(transaction: number): boolean {
    if (this.transaction === transaction) return false;
    this.transaction = transaction;
    const last = this.slabs[this.slabs.length - 1];
    const segment = this.addSegment();
    segment.transaction = transaction;
    segment.slab = last;
    segment.offset = last === undefined ? 0 : last.used;
    return this.segmentCount === 1;
  }

  /** No callback runs any more: what is written stays. */
  settle(): void {
    this.transaction = 0;
    if (this.segmentCount === 0) return;
    if (this.segmentCount > 1) this.segments.length = 1;
    (this.segments[0] as Segment).slab = undefined;
    if (SPARE_SEGMENTS.length < SPARE_SEGMENTS_MAX) SPARE_SEGMENTS.push(this.segments);
    this.segments = noneOf();
    this.segmentCount = 0;
  }

  /** Takes back what the transaction wrote. */
  cut(transaction: number): void {
    for (let index = this.segmentCount - 1; index >= 0; index--) {
      if ((this.segments[index] as Segment).transaction === transaction) this.cutSegment(index);
    }
    if (this.transaction === transaction) this.transaction = -1;
  }

  /** The first slab is done. */
  shift(): void {
    const slab = this.slabs[0] as Slab;
    this.slabs = withoutFirst(this.slabs);
    this.bytes -= slab.used;
    this.count -= slab.count;
    release(slab);
  }

  /** Whole frames were taken from the first slab: the others begin it. Between callbacks. */
  realign(): void {
    const [slab] = this.slabs;
    if (slab === undefined || slab.sealed === 0) return;
    slab.bytes.copyWithin(0, slab.sealed, slab.used);
    this.bytes -= slab.sealed;
    slab.used -= slab.sealed;
    slab.sealed = 0;
  }

  /** Drops everything; returns how many messages of authors that were. */
  clear(): number {
    this.refused = undefined;
    const dropped = this.slabs.reduce((sum, { count, ownCount }) => sum + count - ownCount, 0);
    while (this.slabs.length > 0) this.shift();
    this.settle();
    return dropped;
  }

  /** As `clear`, but for a frame that is sealed in part. */
  clearWaiting(): number {
    const [first] = this.slabs;
    if (first === undefined || first.sealed === 0) return this.clear();
    this.slabs = withoutFirst(this.slabs);
    const dropped = this.clear();
    this.slabs = withLast(this.slabs, first);
    this.bytes = first.used;
    this.count = first.count;
    return dropped;
  }

  private addSlab(frameBytes: number): Slab {
    const slab = acquire(this.slabs.length === 0 && frameBytes <= SMALL_SLAB_BYTES, frameBytes);
    this.slabs = withLast(this.slabs, slab);
    return slab;
  }

  private addSegment(): Segment {
    if (this.segments.length === 0) this.segments = SPARE_SEGMENTS.pop() ?? [new Segment()];
    else if (this.segmentCount === this.segments.length) this.segments.push(new Segment());
    return this.segments[this.segmentCount++] as Segment;
  }

  private cutSegment(index: number): void {
    const from = this.segments[index] as Segment;
    const to = index + 1 < this.segmentCount ? this.segments[index + 1] : undefined;
    const first = from.slab === undefined ? 0 : this.slabs.indexOf(from.slab);
    const last = to === undefined ? this.slabs.length - 1 : to.slab === undefined ? -1 : this.slabs.indexOf(to.slab);
    for (let at = last; at >= first; at--) {
      const slab = this.slabs[at] as Slab;
      const start = slab === from.slab ? from.offset : 0;
      const end = to !== undefined && slab === to.slab ? to.offset : slab.used;
      this.cutRange(slab, start, end);
      if (slab.used === 0) this.removeSlab(at);
    }
  }

  private cutRange(slab: Slab, start: number, end: number): void {
    const frames = countFrames(slab.bytes, start, end);
    slab.bytes.copyWithin(start, end, slab.used);
    slab.used -= end - start;
    slab.count -= frames;
    this.bytes -= end - start;
    this.count -= frames;
    for (const segment of this.segments) if (segment.slab === slab && segment.offset >= end) segment.offset -= end - start;
  }

  private removeSlab(at: number): void {
    const slab = this.slabs[at] as Slab;
    const previous = this.slabs[at - 1];
    this.slabs.splice(at, 1);
    for (const segment of this.segments) {
      if (segment.slab !== slab) continue;
      segment.slab = previous;
      segment.offset = previous?.used ?? 0;
    }
    release(slab);
  }
}

function acquire(isSmall: boolean, frameBytes: number): Slab {
  const size = isSmall ? SMALL_SLAB_BYTES : frameBytes <= RECORD_BYTES ? RECORD_BYTES : Math.max(frameBytes, LARGE_SLAB_BYTES);
  const pool = POOLS.find(({ slabBytes }) => slabBytes === size);
  return pool?.slabs.pop() ?? new Slab(new Uint8Array(size));
}

/** Moves what a small slab holds into one of a record's size, which takes its place. */
function enlarge(slab: Slab): void {
  const large = acquire(false, RECORD_BYTES);
  const { bytes } = slab;
  large.bytes.set(bytes.subarray(0, slab.used));
  slab.bytes = large.bytes;
  large.bytes = bytes;
  release(large);
}

function release(slab: Slab): void {
  const pool = POOLS.find(({ slabBytes }) => slabBytes === slab.bytes.length);
  if (pool === undefined || pool.slabs.length >= pool.countMax) return;
  slab.used = 0;
  slab.count = 0;
  slab.ownCount = 0;
  slab.sealed = 0;
  pool.slabs.push(slab);
}

function countFrames(bytes: Uint8Array, start: number, end: number): number {
  let frames = 0;
  for (let at = start; at < end; frames++) {
    const length = readVarint(bytes, at);
    at += varintBytes(length) + length;
  }
  return frames;
}
