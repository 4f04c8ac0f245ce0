/**
 * @module Feeds: the machine of all feeds of a node. It takes the messages of neighbours, the messages that this node publishes and the readers of
 * its subscriptions, and leads each to `upstream.ts` (towards the publisher) and `downstream.ts` (towards subscribers).
 *
 * The path of a message, publisher -> branches -> neighbour -> its branches and its readers, is in `flow.ts`.
 */
import { type BehaviorAgent, backoffBoundMs, type Message, type NodeId, type RouterTable, WakeTimer } from '../../../core/index.js';
import { type Bound, LIST, MESSAGES, MessageReader, MessageWriter, type Report, type Subscribe } from '../messages.js';
import type { PubSubCounters, PubSubSettings } from '../options.js';
import type { Signatures } from '../signed/signatures.js';
import { dispatch, type SignalSink } from './dispatch.js';
import { Downstream } from './downstream.js';
import type { Branch, Feed, FeedReader, FeedSource } from './feed.js';
import { FeedTable } from './feed-table.js';
import { FeedbackFlow } from './feedback-flow.js';
import { Flow } from './flow.js';
import type { Forwarded } from './outgoing.js';
import { Upstream } from './upstream.js';

/** So often feeds are confirmed to their upstream, and branches that were not are taken away. */
const ROUND_MS = 5_000;
/** The pauses between the last message and the heartbeats that follow it. */
const BEATS = { minMs: 1_500, maxMs: 10_000 } as const;

export class Feeds {
  private readonly table: FeedTable;
  private readonly writer = new MessageWriter();
  private readonly reader = new MessageReader();
  private readonly downstream: Downstream;
  private readonly upstream: Upstream;
  private readonly flow: Flow;
  private readonly feedback: FeedbackFlow;
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.wake(agent));
  private roundMs = Number.POSITIVE_INFINITY;

  constructor(
    router: RouterTable,
    private readonly settings: PubSubSettings,
    private readonly counters: PubSubCounters,
    signatures: Signatures,
  ) {
    this.table = new FeedTable(settings);
    this.downstream = new Downstream(this.table, this.writer, counters);
    this.flow = new Flow(this.table, this.downstream, counters, signatures, (agent, feed) => this.granted(agent, feed));
    this.feedback = new FeedbackFlow(this.writer, counters);
    this.upstream = new Upstream(this.table, router, this.downstream, this.writer, counters, settings);
  }

  get size(): number {
    return this.table.size;
  }

  /** This node publishes the topic from now on. `undefined`: there are as many feeds as there may be. */
  open(agent: BehaviorAgent, topicId: NodeId, source: FeedSource): Feed | undefined {
    const feed = this.table.add(agent.nodeId, topicId, source);
    if (feed !== undefined) feed.epoch = Math.floor(agent.random.float() * 0x1_0000_0000);
    return feed;
  }

  /** Nothing more is published: everybody gets the last number, then the end. */
  close(agent: BehaviorAgent, feed: Feed): void {
    this.downstream.beat(agent, feed);
    this.downstream.refuseAll(agent, feed, 'ended');
    this.table.remove(feed);
    this.flow.inOrder(agent, (later) => {
      for (const reader of [...feed.readers]) {
        reader.lostSight(later);
        reader.unbound(later, 'ended');
      }
    });
  }

  /** Publishes a message, as `Flow.publish`. */
  publish(agent: BehaviorAgent, feed: Feed, form: number, content: Uint8Array): Forwarded | undefined {
    const forwarded = this.flow.publish(agent, feed, form, content);
    if (forwarded !== undefined && !feed.hasNews) this.news(agent, feed);
    return forwarded;
  }

  /** Sends the signed hashes of messages that are published next, from `first` on. */
  list(agent: BehaviorAgent, feed: Feed, first: number, list: Uint8Array): void {
    this.downstream.list(agent, feed, first, list);
  }

  /** Gives what was published to the readers of this node, as `Flow.deliver`. */
  deliver(agent: BehaviorAgent, feed: Feed, number: number, form: number, content: Uint8Array): void {
    this.flow.deliver(agent, feed, number, form, content);
  }

  /**
   * The reader gets what the publisher sends from its `bound` on. `settled` is called once, perhaps during this call, when it is known whether
   * there is a path. `undefined`: there are as many feeds as there may be, or this node is the publisher, and is not one or does not want it.
   */
  attach(agent: BehaviorAgent, publisher: NodeId, topicId: NodeId, reader: FeedReader, settled: () => void): Feed | undefined {
    const known = this.table.get(publisher, topicId);
    if (known === undefined && publisher === agent.nodeId) return undefined;
    if (known?.source?.admits(agent.nodeId) === false) return undefined;
    const feed = known ?? this.table.add(publisher, topicId);
    if (feed === undefined) return undefined;
    feed.readers.add(reader);
    feed.isSigned = reader.isSigned;
    if (feed.isFlowing) reader.bound(agent, feed.next, feed);
    feed.recount();
    this.changed(agent, feed);
    if (known === undefined) feed.state = 'waiting';
    this.hurry(agent, feed, settled);
    return feed;
  }

  /** There is reason to look for the publisher at once. `settled` as above. */
  hurry(agent: BehaviorAgent, feed: Feed, settled: () => void): void {
    if (feed.isFlowing) return settled();
    feed.settling.push(settled);
    if (feed.state === 'waiting') this.upstream.seek(agent, feed);
    this.schedule(agent);
  }

  detach(agent: BehaviorAgent, feed: Feed, reader: FeedReader): void {
    if (!feed.readers.delete(reader)) return;
    feed.recount();
    this.changed(agent, feed);
  }

  /** A reader has other room than before. */
  roomChanged(agent: BehaviorAgent, feed: Feed): void {
    feed.recount();
    this.granted(agent, feed);
  }

  /** A reader reports a number to the publisher. */
  report(agent: BehaviorAgent, feed: Feed, reader: FeedReader, report: Report): void {
    this.feedback.report(agent, feed, reader, report);
  }

  /** Sends bytes to the publisher. False: there is no path, or no room. */
  pass(agent: BehaviorAgent, feed: Feed, id: number, bytes: Uint8Array): boolean {
    return this.feedback.pass(agent, feed, id, bytes);
  }

  received(agent: BehaviorAgent, message: Message): void {
    const { connectionId, bytes, bodyOffset, end } = message;
    if (connectionId === undefined || !message.sourceVerified) return void this.counters.malformed++;
    const kind = this.reader.open(bytes, bodyOffset, end);
    if (kind === MESSAGES) return this.flow.received(agent, message);
    if (kind === LIST) return this.flow.listed(agent, message);
    if (!dispatch(kind, this.reader, this.sinkOf(agent, connectionId, message.source))) this.counters.malformed++;
    this.schedule(agent);
  }

  writable(agent: BehaviorAgent, connectionId: number): void {
    this.downstream.roomAgain(agent, connectionId);
  }

  disconnected(agent: BehaviorAgent, connectionId: number): void {
    for (const feed of this.downstream.disconnected(agent, connectionId)) this.changed(agent, feed);
    for (const feed of [...this.table.all()]) {
      if (feed.upstream?.connectionId !== connectionId) continue;
      this.upstream.release(feed);
      this.upstream.lost(agent, feed, 'no-route', connectionId);
    }
    this.schedule(agent);
  }

  connected(agent: BehaviorAgent): void {
    for (const feed of this.table.all()) if (feed.state === 'waiting') this.table.schedule(feed, agent.nowMs);
    this.schedule(agent);
  }

  stop(agent: BehaviorAgent): void {
    for (const feed of [...this.table.all()]) {
      if (feed.source !== undefined) this.close(agent, feed);
      else this.upstream.end(agent, feed);
    }
    this.flow.stop();
    this.feedback.stop();
    this.timer.cancel();
  }

  private sinkOf(agent: BehaviorAgent, connectionId: number, neighbour: NodeId): SignalSink {
    const { downstream, table, feedback } = this;
    const within = (label: number, work: (feed: Feed) => void) => table.whereLabelled(connectionId, label, work);
    const branched = (label: number, work: (feed: Feed, branch: Branch) => void) => table.whereBranched(connectionId, label, work);
    return {
      subscribed: (wish) => this.subscribed(agent, connectionId, neighbour, wish),
      left: (label) => this.changed(agent, downstream.leave(agent, connectionId, label)),
      credited: (label, limit) => this.granted(agent, downstream.credit(connectionId, label, limit)),
      refreshed: (entry) => this.changed(agent, downstream.refreshed(agent, connectionId, entry)),
      bound: (label, bound) => within(label, (feed) => this.bound(agent, feed, bound)),
      refused: (label, cause) => within(label, (feed) => this.upstream.lost(agent, feed, cause)),
      beaten: (label, last) => within(label, (feed) => this.flow.beaten(agent, feed, last)),
      reported: (label, report) => branched(label, (feed, branch) => feedback.report(agent, feed, branch, report)),
      passed: (label, id, bytes) => branched(label, (feed) => void feedback.pass(agent, feed, id, bytes)),
      skipped: (label, gap) => within(label, (feed) => this.flow.skipped(agent, feed, gap)),
    };
  }

  private subscribed(agent: BehaviorAgent, connectionId: number, neighbour: NodeId, wish: Subscribe): void {
    const { publisher, topicId, label } = wish;
    const known = this.table.get(publisher, topicId);
    const isNobody = publisher === agent.nodeId && known?.source?.isLocal !== false;
    const isAdmitted = isNobody || known?.source?.admits(neighbour) !== false;
    const refusal = isNobody ? 'no-publisher' : isAdmitted ? this.table.refusalOf(known, connectionId) : 'forbidden';
    const feed = refusal === undefined ? (known ?? this.table.add(publisher, topicId)) : undefined;
    if (feed === undefined) return this.downstream.refuse(agent, connectionId, label, refusal ?? 'overloaded');
    this.downstream.join(agent, feed, connectionId, wish);
    if (known === undefined) this.upstream.seek(agent, feed);
    this.changed(agent, feed);
  }

  private bound(agent: BehaviorAgent, feed: Feed, bound: Bound): void {
    const isBehind = feed.hasNumbers && feed.epoch === bound.epoch && bound.next > feed.next;
    if (isBehind)
      this.flow.skipped(agent, feed, { from: feed.next, count: bound.next - feed.next, cause: 'rerouted', where: agent.nodeId });
    const isNew = feed.state !== 'bound';
    this.upstream.bound(agent, feed, bound);
    if (isNew) this.feedback.bound(agent, feed);
    this.granted(agent, feed);
  }

  /** Who wants it, or how much, is another than before. */
  private changed(agent: BehaviorAgent, feed: Feed | undefined): void {
    if (feed === undefined) return;
    this.feedback.changed(agent, feed);
    if (feed.source !== undefined) {
      feed.source.interestChanged(agent, feed.count);
      if (feed.isWanted && feed.heapIndex < 0) this.news(agent, feed);
    } else if (!feed.isWanted) return this.upstream.end(agent, feed);
    this.granted(agent, feed);
  }

  /** There may be room for more. */
  granted(agent: BehaviorAgent, feed: Feed | undefined): void {
    if (feed === undefined) return;
    if (feed.source === undefined) return this.upstream.grant(agent, feed);
    if (!feed.isHeld || feed.next > feed.limit) return;
    feed.isHeld = false;
    feed.source.roomAgain(agent);
  }

  /** A heartbeat follows soon. */
  private news(agent: BehaviorAgent, feed: Feed): void {
    if (!feed.isWanted) return;
    feed.hasNews = true;
    this.table.schedule(feed, agent.nowMs + BEATS.minMs);
    this.schedule(agent);
  }

  private schedule(agent: BehaviorAgent): void {
    if (this.table.size > 0 && this.roundMs === Number.POSITIVE_INFINITY) this.roundMs = agent.nowMs + ROUND_MS;
    this.timer.at(agent, Math.min(this.table.due.nextDueMs, this.roundMs, this.upstream.countsDueMs));
  }

  private wake(agent: BehaviorAgent): void {
    const { due } = this.table;
    for (let feed = due.takeDue(agent.nowMs); feed !== undefined; feed = due.takeDue(agent.nowMs)) this.look(agent, feed);
    this.upstream.sendCounts(agent);
    if (agent.nowMs >= this.roundMs) {
      this.roundMs = Number.POSITIVE_INFINITY;
      this.upstream.refresh(agent);
      for (const feed of [...this.table.all()]) if (this.downstream.expire(agent, feed)) this.changed(agent, feed);
    }
    this.schedule(agent);
  }

  private look(agent: BehaviorAgent, feed: Feed): void {
    if (feed.state === 'source') return this.beatAgain(agent, feed);
    const silentMs = feed.heardMs + this.settings.silenceMs;
    if (feed.state === 'bound' && silentMs > agent.nowMs) return this.table.schedule(feed, silentMs);
    if (silentMs <= agent.nowMs) this.upstream.forget(agent, feed);
    if (feed.state === 'waiting') return this.upstream.seek(agent, feed);
    const { upstream } = feed;
    this.upstream.leave(agent, feed);
    this.upstream.lost(agent, feed, 'no-route', upstream?.connectionId);
  }

  private beatAgain(agent: BehaviorAgent, feed: Feed): void {
    feed.beatCount = feed.hasNews ? 1 : feed.beatCount + 1;
    feed.hasNews = false;
    if (!feed.isWanted) return;
    this.downstream.beat(agent, feed);
    this.table.schedule(feed, agent.nowMs + backoffBoundMs(feed.beatCount, BEATS));
  }
}
