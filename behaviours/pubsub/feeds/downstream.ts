/**
 * @module Downstream: the side of feeds that faces neighbours who want them. It takes their wishes, sends each message once over each link, and
 * keeps account of what a full lane cost a neighbour: that one gets a notice with numbers as soon as there is room, and nobody else is held up.
 */
import { type BehaviorAgent, type NodeId, toConnection } from '../../../core/index.js';
import {
  type Gap,
  LIST_HEAD_BYTES,
  MESSAGE_HEAD_BYTES,
  type MessageWriter,
  type MissCause,
  NUMBER_MAX,
  type Refreshed,
  type Refusal,
  type Subscribe,
  writeListHead,
  writeMessageHead,
} from '../messages.js';
import type { PubSubCounters } from '../options.js';
import { hashCountOf } from '../signed/list.js';
import { SignedLists } from '../signed/signed-lists.js';
import type { Branch, Feed } from './feed.js';
import type { FeedTable } from './feed-table.js';

/** A neighbour that has not refreshed a feed for so long does not want it. */
const BRANCH_SILENCE_MS = 20_000;
const SIGNAL = { lane: 'control' } as const;

/** What became of one message: copies that are queued, and neighbours whose lane had no room. */
export interface Forwarded {
  queued: number;
  full: number;
}

export class Downstream {
  private readonly head = new Uint8Array(MESSAGE_HEAD_BYTES);
  private readonly listHead = new Uint8Array(LIST_HEAD_BYTES);
  private readonly forwarded: Forwarded = { queued: 0, full: 0 };

  constructor(
    private readonly table: FeedTable,
    private readonly writer: MessageWriter,
    private readonly counters: PubSubCounters,
  ) {}

  /** A neighbour wants the feed. What it has under the same label stays as it is. */
  join(agent: BehaviorAgent, feed: Feed, connectionId: number, { label, count, window, epoch, from }: Subscribe): void {
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
      this.table.addBranch(feed, { ...branch, seenMs: agent.nowMs, gap: undefined });
      if (feed.isFlowing) this.bound(agent, feed);
    }
    feed.recount();
  }

  /** Returns the feed that the neighbour left. */
  leave(connectionId: number, label: number): Feed | undefined {
    const feed = this.table.branched(connectionId, label);
    if (feed === undefined) return undefined;
    this.table.removeBranch(feed, connectionId);
    feed.recount();
    return feed;
  }

  /** Takes the connection's branches away. Returns the feeds that they were of. */
  disconnected(connectionId: number): readonly Feed[] {
    const feeds = this.table.branchesOf(connectionId);
    for (const feed of feeds) {
      this.table.removeBranch(feed, connectionId);
      feed.recount();
    }
    return feeds;
  }

  /** Takes those away that do not refresh. Whether there were any. */
  expire(feed: Feed, nowMs: number): boolean {
    const silent = [...feed.branches.values()].filter(({ seenMs }) => nowMs - seenMs > BRANCH_SILENCE_MS);
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
    for (const { connectionId, label } of [...feed.branches.values()]) {
      this.table.removeBranch(feed, connectionId);
      this.refuse(agent, connectionId, label, cause);
    }
    feed.recount();
  }

  /** One copy for each neighbour of the content `bytes[start..end)`. What it returns is valid until the next one. */
  forward(agent: BehaviorAgent, feed: Feed, number: number, form: number, bytes: Uint8Array, start: number, end: number): Forwarded {
    const { forwarded, head } = this;
    forwarded.queued = 0;
    forwarded.full = 0;
    if (feed.branches.size > 0) {
      const content = start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
      writeMessageHead(head, number, form);
      for (const branch of feed.branches.values()) {
        if (!branch.isBound) continue;
        if (this.sendTo(agent, branch, number, content)) forwarded.queued++;
        else forwarded.full++;
      }
    }
    feed.recent.add(number, form, bytes, start, end);
    return forwarded;
  }

  /** The signed hashes of messages that follow: kept, and one copy for each neighbour. What is known already goes no further. */
  list(agent: BehaviorAgent, feed: Feed, first: number, list: Uint8Array): void {
    feed.lists ??= new SignedLists(feed.budget);
    if (!feed.lists.add(first, list, feed.next)) return;
    for (const branch of feed.branches.values()) if (branch.isBound) this.sendList(agent, branch, first, list);
  }

  /** The last number so far. */
  beat(agent: BehaviorAgent, feed: Feed): void {
    for (const branch of feed.branches.values()) {
      if (branch.isBound && this.settleGap(agent, branch)) agent.send(branch.route, this.writer.beat(branch.label, feed.next - 1));
    }
  }

  /** What this node has missed itself. */
  missed(agent: BehaviorAgent, feed: Feed, { from, count, cause, where }: Gap): void {
    for (const branch of feed.branches.values()) {
      if (!branch.isBound) continue;
      if (branch.gap !== undefined) this.settleGap(agent, branch);
      this.addGap(branch, from, count, cause, where);
      this.settleGap(agent, branch);
    }
  }

  /** The lane has room: the numbers that it cost are sent. */
  roomAgain(agent: BehaviorAgent, connectionId: number): void {
    for (const feed of this.table.branchesOf(connectionId)) {
      const branch = feed.branches.get(connectionId);
      if (branch !== undefined && !this.settleGap(agent, branch)) return;
    }
  }

  /** Where its numbers begin, and what it lacks of the last messages. */
  private begin(agent: BehaviorAgent, feed: Feed, branch: Branch): void {
    const { recent } = feed;
    const isBehind = branch.epoch === feed.epoch && branch.from > 0 && branch.from < feed.next;
    const next = isBehind ? Math.max(branch.from, recent.fromBefore(feed.next)) : feed.next;
    branch.gap = undefined;
    branch.limit = branch.window === 0 ? NUMBER_MAX : next - 1 + branch.window;
    this.sendBound(agent, feed, branch, next);
    let number = next;
    if (!branch.isBound) return;
    for (const { first, bytes } of feed.lists?.since(next) ?? []) this.sendList(agent, branch, first, bytes);
    for (const { form, content } of recent.since(next)) {
      writeMessageHead(this.head, number, form);
      this.sendTo(agent, branch, number++, content);
    }
  }

  private sendBound(agent: BehaviorAgent, feed: Feed, branch: Branch, next: number): void {
    const { epoch, hops, kept } = feed;
    const result = agent.send(branch.route, this.writer.bound({ label: branch.label, epoch, next, hops, kept }));
    branch.isBound ||= result === 'queued';
  }

  /** The message's head is written. */
  private sendTo(agent: BehaviorAgent, branch: Branch, number: number, content: Uint8Array): boolean {
    if (this.settleGap(agent, branch) && agent.sendTo(branch.target, this.head, content) === 'queued') {
      this.counters.messagesForwarded++;
      return true;
    }
    this.addGap(branch, number, 1, 'link-full', agent.nodeId);
    return false;
  }

  /** Without its list a message is of no use: all of them are missed where there is no room for it. */
  private sendList(agent: BehaviorAgent, branch: Branch, first: number, list: Uint8Array): void {
    writeListHead(this.listHead, first);
    if (this.settleGap(agent, branch) && agent.sendTo(branch.target, this.listHead, list) === 'queued') return;
    this.addGap(branch, first, hashCountOf(list), 'link-full', agent.nodeId);
  }

  /** Two gaps that do not follow each other, or differ in their cause, count as one: what lies between did not come either. */
  private addGap(branch: Branch, from: number, count: number, cause: MissCause, where: NodeId | undefined): void {
    const { gap } = branch;
    const [end, knownEnd] = [from + count, gap === undefined ? from : gap.from + gap.count];
    this.counters.messagesDropped += Math.max(0, end - Math.max(from, knownEnd));
    if (gap === undefined) branch.gap = { from, count, cause, where };
    else branch.gap = { ...gap, count: Math.max(end, knownEnd) - gap.from };
  }

  /** Whether no notice is left to be sent. */
  private settleGap(agent: BehaviorAgent, branch: Branch): boolean {
    const { gap } = branch;
    if (gap === undefined) return true;
    if (agent.send(branch.route, this.writer.missed(branch.label, gap)) !== 'queued') return false;
    branch.gap = undefined;
    return true;
  }
}

/** For the messages to upstream neighbours, which are few and small. */
export function signal(agent: BehaviorAgent, connectionId: number, bytes: Uint8Array): boolean {
  return agent.send(toConnection(connectionId), bytes, SIGNAL) === 'queued';
}
