/**
 * @module Outgoing: what this node publishes, from its number to the links. Messages of a topic that are published in one turn leave together at its
 * end, as one run that is encoded once for all neighbours; a full run leaves at once. Whatever else is sent of the feed comes behind it.
 */
import { type BehaviorAgent, WakeTimer } from '../../../core/index.js';
import { giveBuffer, takeBuffer } from '../../../core/structures/buffer-pool.js';
import { HEAD_BYTES } from '../messages.js';
import type { BranchSender } from './branch-sender.js';
import type { Branch, Feed } from './feed.js';
import type { RecentRun } from './recent.js';
import { bytesInRun, RUN_MAX, writeInRun } from './run.js';

/** A run of this size fills a record, with what goes before it. */
const RUN_BYTES = 64 * 1_024 - 64;
/** A message that is larger leaves alone, at once. */
const GATHERED_BYTES_MAX = 16 * 1_024;
/** Where a run begins: one that outgrows it moves on into room for the largest. */
const ROOM_BYTES = 4 * 1_024;
/** Runs that are open at once, of all topics; with one more, all leave. */
const OPEN_MAX = 64;

/** What became of one message: copies that are queued, and neighbours whose lane had no room. */
export interface Forwarded {
  queued: number;
  full: number;
}

/** A run that is written. */
export interface OutgoingRun {
  readonly first: number;
  bytes: Uint8Array;
  /** How far it may go. */
  readonly bytesMax: number;
  count: number;
  used: number;
  /** Neighbours that get it. */
  readonly takers: number;
  /** Those whose lane had no room when it began: they miss its numbers. */
  readonly stuck: readonly Branch[];
}

export class Outgoing {
  private readonly open = new Set<Feed>();
  /** Room of `ROOM_BYTES` that is free; larger room is lent by the process. */
  private readonly rooms: Uint8Array[] = [];
  private readonly forwarded: Forwarded = { queued: 0, full: 0 };
  /** The end of the turn. */
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.releaseAll(agent));

  constructor(private readonly sender: BranchSender) {}

  /** Gives it the next number. What it returns is valid until the next one. */
  publish(agent: BehaviorAgent, feed: Feed, form: number, content: Uint8Array): Forwarded {
    const { forwarded } = this;
    const byteCount = bytesInRun(content.length);
    const number = feed.next++;
    if (byteCount > GATHERED_BYTES_MAX) return this.alone(agent, feed, number, form, content);
    const run = this.runFor(agent, feed, number, byteCount);
    run.used = writeInRun(run.bytes, run.used, form, content);
    run.count++;
    for (const branch of run.stuck) this.sender.missed(branch, { from: number, count: 1, cause: 'link-full', where: agent.nodeId });
    forwarded.queued = run.takers;
    forwarded.full = run.stuck.length;
    return forwarded;
  }

  /** What is gathered of the feed leaves. */
  release(agent: BehaviorAgent, feed: Feed): void {
    const { outgoing } = feed;
    if (outgoing === undefined) return;
    const { first, count, stuck } = outgoing;
    const run = { first, count, bytes: outgoing.bytes.subarray(0, outgoing.used) };
    feed.outgoing = undefined;
    this.open.delete(feed);
    let kept: RecentRun | undefined;
    const keep = () => {
      kept ??= { ...run, bytes: run.bytes.slice() };
      return kept;
    };
    for (const branch of feed.branches.values())
      if (branch.isBound && !stuck.includes(branch)) this.sender.promised(agent, branch, run, keep);
    feed.recent.add(first, count, run.bytes, 0, run.bytes.length);
    this.free(outgoing.bytes);
  }

  /** It is larger than a run: what became of it is known at once. */
  private alone(agent: BehaviorAgent, feed: Feed, number: number, form: number, content: Uint8Array): Forwarded {
    const { forwarded } = this;
    const bytes = new Uint8Array(bytesInRun(content.length));
    writeInRun(bytes, 0, form, content);
    this.release(agent, feed);
    forwarded.queued = 0;
    forwarded.full = 0;
    for (const branch of feed.branches.values()) {
      if (!branch.isBound) continue;
      if (this.sender.run(agent, branch, number, 1, bytes)) forwarded.queued++;
      else forwarded.full++;
    }
    feed.recent.add(number, 1, bytes, 0, bytes.length);
    return forwarded;
  }

  private runFor(agent: BehaviorAgent, feed: Feed, number: number, byteCount: number): OutgoingRun {
    const { outgoing } = feed;
    if (outgoing === undefined || outgoing.count === RUN_MAX || outgoing.used + byteCount > outgoing.bytesMax) {
      this.release(agent, feed);
      return this.begin(agent, feed, number, byteCount);
    }
    if (outgoing.used + byteCount > outgoing.bytes.length) this.enlarge(outgoing);
    return outgoing;
  }

  private begin(agent: BehaviorAgent, feed: Feed, first: number, byteCount: number): OutgoingRun {
    if (this.open.size >= OPEN_MAX) this.releaseAll(agent);
    const stuck: Branch[] = [];
    let takers = 0;
    for (const branch of feed.branches.values()) {
      if (!branch.isBound) continue;
      if (this.sender.settle(agent, branch)) takers++;
      else stuck.push(branch);
    }
    const bytes = this.room(byteCount <= ROOM_BYTES);
    const bytesMax = Math.min(RUN_BYTES, agent.limits.payloadBytesMax - HEAD_BYTES);
    const run = { first, bytes, bytesMax, count: 0, used: 0, takers, stuck };
    feed.outgoing = run;
    this.open.add(feed);
    this.timer.within(agent, 0);
    return run;
  }

  private enlarge(run: OutgoingRun): void {
    const { bytes, used } = run;
    run.bytes = this.room(false);
    run.bytes.set(bytes.subarray(0, used));
    this.free(bytes);
  }

  private room(isSmall: boolean): Uint8Array {
    return isSmall ? (this.rooms.pop() ?? new Uint8Array(ROOM_BYTES)) : takeBuffer(RUN_BYTES);
  }

  private free(room: Uint8Array): void {
    if (room.length === ROOM_BYTES) this.rooms.push(room);
    else giveBuffer(room);
  }

  private releaseAll(agent: BehaviorAgent): void {
    for (const feed of [...this.open]) this.release(agent, feed);
  }
}
