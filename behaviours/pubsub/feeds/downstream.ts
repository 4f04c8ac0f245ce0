/**
 * @module Downstream: the side of feeds that faces neighbours who want them. It takes their wishes, sends each message once over each link, and
 * where the numbers begin, end and are missed. Of what this node publishes nothing of that goes ahead of what is gathered (`outgoing.ts`).
 */
import { type BehaviorAgent, toConnection } from '../../../core/index.js';
import { type Gap, type MessageWriter, NUMBER_MAX, type Refreshed, type Refusal, type Subscribe } from '../messages.js';
import type { PubSubCounters } from '../options.js';
import { SignedLists } from '../signed/signed-lists.js';
import { BranchSender } from './branch-sender.js';
import type { Branch, Feed } from './feed.js';
import type { FeedTable } from './feed-table.js';
import { type Forwarded, Outgoing } from './outgoing.js';

/** A neighbour that has not refreshed a feed for so long does not want it. */
const BRANCH_SILENCE_MS = 20_000;
const SIGNAL = { lane: 'control' } as const;

export class Downstream {
  private readonly sender: BranchSender;
  private readonly outgoing: Outgoing;

  constructor(
    private readonly table: FeedTable,
    private readonly writer: MessageWriter,
    private readonly counters: PubSubCounters,
  ) {
    this.sender = new BranchSender(writer, counters);
    this.outgoing = new Outgoing(this.sender);
  }

  /** Publishes a message of this node: it leaves with the others of this turn. What it returns is valid until the next one. */
  publish(agent: BehaviorAgent, feed: Feed, form: number, content: Uint8Array): Forwarded {
    return this.outgoing.publish(agent, feed, form, content);
  }

  /** A neighbour wants the feed. What it has under the same label stays as it is. */
  join(agent: BehaviorAgent, feed: Feed, connectionId: number, { label, count, window, epoch, from }: Subscribe): void {
    this.outgoing.release(agent, feed);
    const known = feed.branches.get(connectionId);
    if (known?.label === label) {
      known.count = count;
      known.seenMs = agent.nowMs;
      if (known.isBound) this.sendBound(agent, feed, known, feed.next);
    } else {
      const route = toConnection(connectionId);
      const branch = {
        connectionId,
        route,
        label,
        target: agent.target(connectionId, { streamId: label }),
        count,
        window,
        limit: NUMBER_MAX,
        epoch,
        from,
        isBound: false,
      };
      this.table.addBranch(feed, { ...branch, seenMs: agent.nowMs, late: undefined, gap: undefined });
      if (feed.isFlowing) this.bound(agent, feed);
    }
    feed.recount();
  }

  /** Returns the feed that the neighbour left. */
  leave(agent: BehaviorAgent, connectionId: number, label: number): Feed | undefined {
    const feed = this.table.branched(connectionId, label);
    if (feed === undefined) return undefined;
    this.outgoing.release(agent, feed);
    this.table.removeBranch(feed, connectionId);
    feed.recount();
    return feed;
  }

  /** Takes the connection's branches away. Returns the feeds that they were of. */
  disconnected(agent: BehaviorAgent, connectionId: number): readonly Feed[] {
    const feeds = this.table.branchesOf(connectionId);
    for (const feed of feeds) {
      this.outgoing.release(agent, feed);
      this.table.removeBranch(feed, connectionId);
      feed.recount();
    }
    return feeds;
  }

  /** Takes those away that do not refresh. Whether there were any. */
  expire(agent: BehaviorAgent, feed: Feed): boolean {
    const silent = [...feed.branches.values()].filter(({ seenMs }) => agent.nowMs - seenMs > BRANCH_SILENCE_MS);
    if (silent.length > 0) this.outgoing.release(agent, feed);
    for (const { connectionId } of silent) this.table.removeBranch(feed, connectionId);
    if (silent.length > 0) feed.recount();
    return silent.length > 0;
  }

  /** The neighbour has other room. Returns the feed, if it is one of the neighbour's. */
  credit(connectionId: number, label: number, limit: number): Feed | undefined {
    const feed = this.table.branched(connectionId, label);
    const branch = feed?.branches.get(connectionId);
    if (feed === undefined || branch === undefined) return undefined;
    branch.limit = limit;
    feed.recount();
    return feed;
  }

  /** Returns the feed, if it is one of the neighbour's; a label that is not known is refused, so that the neighbour asks anew. */
  refreshed(agent: BehaviorAgent, connectionId: number, { label, count, limit }: Refreshed): Feed | undefined {
    const feed = this.table.branched(connectionId, label);
    const branch = feed?.branches.get(connectionId);
    if (feed === undefined || branch === undefined) {
      this.refuse(agent, connectionId, label, 'unknown');
      return undefined;
    }
    branch.count = count;
    branch.seenMs = agent.nowMs;
    if (branch.isBound) branch.limit = limit;
    feed.recount();
    return feed;
  }

  /** Those that were not sent it yet are sent where the numbers are; all of them, when that has changed. */
  bound(agent: BehaviorAgent, feed: Feed, change?: 'hops' | 'epoch'): void {
    this.outgoing.release(agent, feed);
    for (const branch of feed.branches.values()) {
      if (branch.isBound && change === undefined) continue;
      if (branch.isBound && change === 'hops') this.sendBound(agent, feed, branch, feed.next);
      else this.begin(agent, feed, branch);
    }
    feed.recount();
  }

  refuse(agent: BehaviorAgent, connectionId: number, label: number, cause: Refusal): void {
    this.counters.refusalsSent++;
    agent.send(toConnection(connectionId), this.writer.refused(label, cause));
  }

  /** Nobody gets the feed from here any more. */
  refuseAll(agent: BehaviorAgent, feed: Feed, cause: Refusal): void {
    this.outgoing.release(agent, feed);
    for (const { connectionId, label } of [...feed.branches.values()]) {
      this.table.removeBranch(feed, connectionId);
      this.refuse(agent, connectionId, label, cause);
    }
    feed.recount();
  }

  /** One copy for each neighbour of a run that came, `bytes[start..end)`. */
  forward(agent: BehaviorAgent, feed: Feed, first: number, count: number, bytes: Uint8Array, start: number, end: number): void {
    if (feed.branches.size > 0) {
      const run = bytes.subarray(start, end);
      for (const branch of feed.branches.values()) if (branch.isBound) this.sender.run(agent, branch, first, count, run);
    }
    feed.recent.add(first, count, bytes, start, end);
  }

  /** The signed hashes of messages that follow: kept, and one copy for each neighbour. What is known already goes no further. */
  list(agent: BehaviorAgent, feed: Feed, first: number, list: Uint8Array): void {
    feed.lists ??= new SignedLists(feed.budget);
    if (!feed.lists.add(first, list, feed.next)) return;
    this.outgoing.release(agent, feed);
    for (const branch of feed.branches.values()) if (branch.isBound) this.sender.list(agent, branch, first, list);
  }

  /** The last number so far. */
  beat(agent: BehaviorAgent, feed: Feed): void {
    this.outgoing.release(agent, feed);
    for (const branch of feed.branches.values()) {
      if (branch.isBound && this.sender.settle(agent, branch)) agent.send(branch.route, this.writer.beat(branch.label, feed.next - 1));
    }
  }

  /** What this node has missed itself. */
  missed(agent: BehaviorAgent, feed: Feed, gap: Gap): void {
    for (const branch of feed.branches.values()) {
      if (!branch.isBound) continue;
      if (branch.gap !== undefined) this.sender.settle(agent, branch);
      this.sender.missed(branch, gap);
      this.sender.settle(agent, branch);
    }
  }

  /** The lane has room: the numbers that it cost are sent. */
  roomAgain(agent: BehaviorAgent, connectionId: number): void {
    for (const feed of this.table.branchesOf(connectionId)) {
      const branch = feed.branches.get(connectionId);
      this.outgoing.release(agent, feed);
      if (branch !== undefined && !this.sender.settle(agent, branch)) return;
    }
  }

  /** Where its numbers begin, and what it lacks of the last messages. */
  private begin(agent: BehaviorAgent, feed: Feed, branch: Branch): void {
    const { recent } = feed;
    const isBehind = branch.epoch === feed.epoch && branch.from > 0 && branch.from < feed.next;
    const next = isBehind ? Math.max(branch.from, recent.fromBefore(feed.next)) : feed.next;
    branch.late = undefined;
    branch.gap = undefined;
    branch.limit = branch.window === 0 ? NUMBER_MAX : next - 1 + branch.window;
    this.sendBound(agent, feed, branch, next);
    if (!branch.isBound) return;
    for (const { first, bytes } of feed.lists?.since(next) ?? []) this.sender.list(agent, branch, first, bytes);
    for (const { first, count, bytes } of recent.since(next)) this.sender.run(agent, branch, first, count, bytes);
  }

  private sendBound(agent: BehaviorAgent, feed: Feed, branch: Branch, next: number): void {
    const { epoch, hops, kept } = feed;
    const result = agent.send(branch.route, this.writer.bound({ label: branch.label, epoch, next, hops, kept }));
    branch.isBound ||= result === 'queued';
  }
}

/** For the messages to upstream neighbours, which are few and small. */
export function signal(agent: BehaviorAgent, connectionId: number, bytes: Uint8Array): boolean {
  return agent.send(toConnection(connectionId), bytes, SIGNAL) === 'queued';
}
