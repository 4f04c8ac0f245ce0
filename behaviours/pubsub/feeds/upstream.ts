/**
 * @module Upstream: the side of feeds that faces the publisher. A feed that is wanted here asks the next hop on the path to its publisher, and is
 * bound when that answers, at the latest after `BIND_MS`; else another hop is tried, then it waits and begins again. A feed that no reader
 * of this node wants is given up instead: its neighbours look for other paths. A circle of feeds cannot be bound for long, because each
 * adds one to the hops of the one before.
 */
import { type BehaviorAgent, backoffBoundMs, type NodeId, type RouterTable } from '../../../core/index.js';
import { type Bound, type MessageWriter, NUMBER_MAX, REFRESH_MAX, type Refreshed, type Refusal } from '../messages.js';
import type { PubSubCounters, PubSubSettings } from '../options.js';
import { type Downstream, signal } from './downstream.js';
import type { Feed } from './feed.js';
import type { FeedTable } from './feed-table.js';

/** The longest path of a feed. */
const HOPS_MAX = 64;
/** Changed counts of subscribers are sent after so long. */
const COUNTS_MS = 100;
/** A hop that has not answered by then is taken for deaf; and who has no path by then, though somebody knows the publisher, may not get one soon. */
const BIND_MS = 2_000;
const RETRY = { minMs: 250, maxMs: 5_000 } as const;

export class Upstream {
  private readonly changedCounts = new Set<Feed>();
  private countsMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly table: FeedTable,
    private readonly router: RouterTable,
    private readonly downstream: Downstream,
    private readonly writer: MessageWriter,
    private readonly counters: PubSubCounters,
    private readonly settings: PubSubSettings,
  ) {}

  /** Begins to look for the publisher. */
  seek(agent: BehaviorAgent, feed: Feed): void {
    if (!this.bind(agent, feed)) this.give(agent, feed, 'no-route');
  }

  /** The hop has sent where the numbers are. */
  bound(agent: BehaviorAgent, feed: Feed, { epoch, next, hops, kept }: Bound): void {
    if (hops >= HOPS_MAX) {
      this.leave(agent, feed);
      return this.lost(agent, feed, 'loop');
    }
    const wasBound = feed.state === 'bound';
    if (!wasBound) this.table.schedule(feed, agent.nowMs + this.settings.silenceMs);
    const hasMoved = feed.hops !== hops + 1;
    const isNewEpoch = !feed.hasNumbers || feed.epoch !== epoch;
    feed.state = 'bound';
    feed.hops = hops + 1;
    feed.kept = kept;
    feed.failures = 0;
    feed.pathlessMs = undefined;
    feed.avoided = undefined;
    feed.heardMs = agent.nowMs;
    if (isNewEpoch) this.begin(agent, feed, epoch, next);
    else if (!wasBound) for (const reader of feed.readers) reader.bound(agent, feed.next, feed);
    feed.settled();
    this.downstream.bound(agent, feed, isNewEpoch ? 'epoch' : hasMoved ? 'hops' : undefined);
  }

  /** Where it came from it comes from no more. Another hop is tried; if there is none, readers wait, and neighbours look for other paths. */
  lost(agent: BehaviorAgent, feed: Feed, cause: Refusal, connectionId = feed.upstream?.connectionId): void {
    const isOver = cause === 'ended' || cause === 'no-publisher';
    if (isOver) this.forget(agent, feed);
    this.release(feed);
    if (isOver || !this.tryAnother(agent, feed, connectionId)) this.give(agent, feed, cause);
  }

  private give(agent: BehaviorAgent, feed: Feed, cause: Refusal): void {
    // A table of routes that learns of the publisher a moment later than this node did is no reason to call it unknown.
    feed.pathlessMs ??= agent.nowMs;
    const isLate = cause !== 'no-route' || feed.readers.size === 0 || agent.nowMs >= feed.pathlessMs + BIND_MS;
    if (isLate) feed.settled();
    this.downstream.refuseAll(agent, feed, cause);
    for (const reader of [...feed.readers]) reader.unbound(agent, cause);
    if (feed.readers.size > 0) this.wait(agent, feed);
    else this.table.remove(feed);
  }

  /** The numbers begin anew. */
  forget(agent: BehaviorAgent, feed: Feed): void {
    if (!feed.hasNumbers) return;
    feed.hasNumbers = false;
    for (const reader of [...feed.readers]) reader.lostSight(agent);
  }

  /** Nobody wants it here any more. */
  end(agent: BehaviorAgent, feed: Feed): void {
    this.leave(agent, feed);
    this.downstream.refuseAll(agent, feed, 'no-route');
    feed.settled();
    this.table.remove(feed);
  }

  /** Asks the next hop. False: there is none, or it cannot be sent to. */
  private bind(agent: BehaviorAgent, feed: Feed): boolean {
    const hop = this.hopOf(feed);
    if (hop === undefined) return false;
    feed.state = 'binding';
    feed.upstream = { ...hop, label: this.table.giveLabel(feed) };
    const { publisher, topicId, count, window } = feed;
    feed.countSent = count;
    const request = { label: feed.upstream.label, publisher, topicId, count, window, ...feed.wanted };
    this.table.schedule(feed, agent.nowMs + BIND_MS);
    if (signal(agent, hop.connectionId, this.writer.subscribe(request))) return true;
    this.release(feed);
    return false;
  }

  /** Asks another hop than the one over the connection; not twice in a row. False: there is none. */
  private tryAnother(agent: BehaviorAgent, feed: Feed, connectionId: number | undefined): boolean {
    const isFirst = feed.avoided === undefined;
    feed.avoided = connectionId;
    return isFirst && connectionId !== undefined && this.bind(agent, feed);
  }

  /** Begins again later. */
  private wait(agent: BehaviorAgent, feed: Feed): void {
    feed.state = 'waiting';
    feed.avoided = undefined;
    feed.failures++;
    const waitMs = backoffBoundMs(feed.failures, RETRY) * (0.5 + agent.random.float() / 2);
    const untilMs = feed.settling.length > 0 ? (feed.pathlessMs ?? 0) + BIND_MS - agent.nowMs : Number.POSITIVE_INFINITY;
    this.table.schedule(feed, agent.nowMs + Math.min(waitMs, Math.max(0, untilMs)));
  }

  /** Nobody here wants it any more. */
  leave(agent: BehaviorAgent, feed: Feed): void {
    if (feed.upstream !== undefined) signal(agent, feed.upstream.connectionId, this.writer.leave(feed.upstream.label));
    this.release(feed);
  }

  /** The hop's word on it does not count any more. */
  release(feed: Feed): void {
    this.table.releaseLabel(feed);
    feed.upstream = undefined;
    feed.limitSent = NUMBER_MAX;
  }

  /** Grants what there is room for: less at once, more by halves of the window. */
  grant(agent: BehaviorAgent, feed: Feed): void {
    const { limit, limitSent, upstream, window } = feed;
    if (feed.state !== 'bound' || upstream === undefined) return;
    if (feed.count !== feed.countSent) this.countChanged(agent, feed);
    if (limit === limitSent) return;
    if (limit > limitSent && limit !== NUMBER_MAX && 2 * (limit - limitSent) < window) return;
    if (signal(agent, upstream.connectionId, this.writer.credit(upstream.label, limit))) feed.limitSent = limit;
  }

  /** Confirms all feeds to the neighbours that they come from, and grants anew. */
  refresh(agent: BehaviorAgent, feeds: Iterable<Feed> = this.table.all()): void {
    const entries = new Map<number, Refreshed[]>();
    for (const feed of feeds) {
      const { upstream, count, limit } = feed;
      if (feed.state !== 'bound' || upstream === undefined) continue;
      const entry = { label: upstream.label, count, limit };
      const known = entries.get(upstream.connectionId);
      if (known === undefined) entries.set(upstream.connectionId, [entry]);
      else known.push(entry);
      feed.limitSent = limit;
      feed.countSent = count;
    }
    for (const [connectionId, list] of entries)
      for (let at = 0; at < list.length; at += REFRESH_MAX)
        signal(agent, connectionId, this.writer.refresh(list.slice(at, at + REFRESH_MAX)));
  }

  /** When the counts that have changed are to be sent. */
  get countsDueMs(): number {
    return this.countsMs;
  }

  sendCounts(agent: BehaviorAgent): void {
    if (agent.nowMs < this.countsMs) return;
    this.refresh(agent, this.changedCounts);
    this.changedCounts.clear();
    this.countsMs = Number.POSITIVE_INFINITY;
  }

  /** Changes within a short time go together, so that a crowd costs each link few messages. */
  private countChanged(agent: BehaviorAgent, feed: Feed): void {
    if (this.changedCounts.size === 0) this.countsMs = agent.nowMs + COUNTS_MS;
    this.changedCounts.add(feed);
  }

  /** Numbers of a publisher that was not known, or that began anew. */
  private begin(agent: BehaviorAgent, feed: Feed, epoch: number, next: number): void {
    const wasKnown = feed.hasNumbers;
    feed.hasNumbers = true;
    if (feed.epoch !== epoch) feed.lists?.clear();
    feed.epoch = epoch;
    feed.next = next;
    for (const reader of [...feed.readers]) {
      if (wasKnown) reader.lostSight(agent);
      reader.bound(agent, next, feed);
    }
    feed.recount();
    // The window of the request counts from here.
    feed.limitSent = feed.window === 0 ? NUMBER_MAX : next - 1 + feed.window;
    this.counters.feedsBound++;
  }

  private hopOf({ publisher, avoided }: Feed): { readonly connectionId: number; readonly nodeId: NodeId } | undefined {
    const action = avoided === undefined ? this.router.pathToNode(publisher) : this.router.pathAround(publisher, avoided);
    return action.type === 'next' ? { connectionId: action.connectionId, nodeId: action.nodeId } : undefined;
  }
}
