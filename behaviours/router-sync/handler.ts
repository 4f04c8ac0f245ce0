/**
 * @module RouterSyncHandler: one connection's syncs, a pipe between this node's router table and the neighbour's. What the table wants to
 * send becomes messages at the right time, and what arrives is handed to the table.
 *
 * A message that finds no room in the lane waits, one hello and one sync at most; the table is asked again only when they are gone.
 */
import {
  assertNever,
  type CloseReason,
  type ConnectionAgent,
  type ConnectionEvent,
  ConnectionHandler,
  type LinkMetric,
  type NodeId,
  type RouterTable,
} from '../../core/index.js';
import type { Conditions } from '../../core/structures/conditions.js';
import type { TokenBucket } from '../../core/structures/token-bucket.js';
import { WakeTimer } from '../../core/structures/wake-timer.js';
import { decodeMessage, encodeHello, encodeSync, HEAD_BYTES, type Hello, wireKind } from './messages.js';
import type { RouterSyncCounters, RouterSyncSettings } from './options.js';

/** The table may have learned something: there may be news for others. */
export type RouterSyncToBehavior = { readonly type: 'news' };
/** The table may have news. */
export type RouterSyncToHandler = { readonly type: 'news' };

export type SyncRefusals = Conditions<HandlerAgent, NodeId, undefined>;
type HandlerAgent = ConnectionAgent<RouterSyncToBehavior, RouterSyncToHandler>;

/** What a handler shares with its behaviour. */
export interface HandlerParts {
  readonly router: RouterTable;
  readonly settings: RouterSyncSettings;
  readonly counters: RouterSyncCounters;
  /** Neighbours whose syncs the table refuses. */
  readonly refusals: SyncRefusals;
  /** How often news may be sent on this connection. */
  readonly pace: TokenBucket;
  /** Of a message's payload. */
  readonly messageBytesMax: number;
  /** The connection is older than the behaviour. */
  readonly isLate: boolean;
}

const UNMEASURED: LinkMetric = { rttMs: undefined, lossRatio: undefined, bandwidth: undefined };
const NOTHING = new Uint8Array(0);
const NEWS = { type: 'news' } as const;
/** Syncs that wait for the first measurement. */
const EARLY_MAX = 64;
const EARLY_BYTES_MAX = 512 * 1024;
/** So much of them the table takes in one turn, and one at least. */
const SLICE_BYTES = 2_048;
/** Pieces of news that are taken from the table at once. */
const NEWS_PARTS_MAX = 64;

export class RouterSyncHandler extends ConnectionHandler<RouterSyncToBehavior, RouterSyncToHandler> {
  /** The kind that this side sent, and the one that the remote sent; `undefined` before the first hello. */
  private ownKind: string | undefined;
  private remoteKind: string | undefined;
  private metric: LinkMetric | undefined;
  /** Syncs from before the first measurement, and those that came while there were such. */
  private early: Uint8Array[] = [];
  private earlyBytes = 0;
  private readonly earlyTimer = new WakeTimer<HandlerAgent>((agent) => this.takeEarly(agent));
  /** What waits for room in the lane. */
  private dueHello: Omit<Hello, 'type'> | undefined;
  private dueSync: Uint8Array | undefined;
  private readonly timer = new WakeTimer<HandlerAgent>((agent) => this.sendNews(agent));
  private lastRoundMs = Number.NEGATIVE_INFINITY;
  /** The table sent something along with the first hello. */
  private hasGreeted = false;

  constructor(private readonly parts: HandlerParts) {
    super();
  }

  /** What the table sends first goes along with the hello; a remote whose table is of another kind ignores it. */
  override onOpened(agent: HandlerAgent): void {
    this.sendHello(agent, this.parts.isLate);
    this.hasGreeted = this.send(agent, this.parts.router.createNews(agent.connection.nodeId, this.bytesMax));
  }

  override onTick(agent: HandlerAgent, nowMs: number, intervalMs: number): void {
    if (nowMs - this.lastRoundMs < this.parts.settings.intervalMs - intervalMs / 2) return;
    if (this.lastRoundMs > Number.NEGATIVE_INFINITY) this.takeEarly(agent);
    if (this.ownKind !== this.kind) this.sendHello(agent, false);
    this.round(agent);
  }

  override onEvent(agent: HandlerAgent, event: ConnectionEvent): void {
    switch (event.type) {
      case 'message':
        return this.received(agent, event.payload);
      case 'stats':
        this.metric = event;
        this.takeEarly(agent);
        return agent.sendToBehavior(NEWS);
      case 'writable':
        return this.sendNews(agent);
      case 'path':
        return;
      default:
        assertNever(event);
    }
  }

  override onBehaviorEvent(agent: HandlerAgent): void {
    this.sendNews(agent);
  }

  /** When only this behaviour ends, the remote learns that there will be no more syncs. */
  override onClosed(agent: HandlerAgent, _reason: CloseReason): void {
    agent.reply(encodeHello({ kind: '', isAnswerWanted: false }), { lane: 'control' });
  }

  private get kind(): string {
    return wireKind(this.parts.router.kind);
  }

  /** Longer syncs cannot be carried. */
  private get bytesMax(): number {
    return this.parts.messageBytesMax - HEAD_BYTES;
  }

  /** Both sides have the same kind of table. */
  private get isUnderstood(): boolean {
    return this.ownKind !== undefined && this.ownKind !== '' && this.ownKind === this.kind && this.ownKind === this.remoteKind;
  }

  private sendHello(agent: HandlerAgent, isAnswerWanted: boolean): void {
    if (this.ownKind !== this.kind) this.dueSync = undefined;
    this.ownKind = this.kind;
    this.dueHello = { kind: this.kind, isAnswerWanted };
    this.flush(agent);
  }

  private received(agent: HandlerAgent, payload: Uint8Array): void {
    const message = decodeMessage(payload);
    if (message?.type === 'hello') this.greeted(agent, message);
    else if (message?.type === 'sync' && this.isUnderstood) this.takeSync(agent, message.bytes);
    else this.parts.counters.messagesIgnored++;
  }

  /** A remote with another kind of table has nothing for this one, and takes back what it sent before. */
  private greeted(agent: HandlerAgent, { kind, isAnswerWanted }: Hello): void {
    const wasUnderstood = this.isUnderstood;
    const isFirst = this.remoteKind === undefined;
    this.remoteKind = kind;
    if (isAnswerWanted || this.ownKind !== this.kind) this.sendHello(agent, false);
    if (this.isUnderstood) {
      if (isFirst && this.hasGreeted) this.lastRoundMs = agent.nowMs;
      else if (!wasUnderstood) this.round(agent);
      return;
    }
    this.clearEarly();
    if (wasUnderstood) this.parts.router.applySync(agent.connection.id, this.metric ?? UNMEASURED, NOTHING);
    else this.reportNothing(agent);
    if (wasUnderstood) agent.sendToBehavior(NEWS);
  }

  /** A new table need not wait for a neighbour with another kind of table. */
  private reportNothing(agent: HandlerAgent): void {
    const { router } = this.parts;
    if (this.remoteKind !== undefined && !router.isFilled) router.applySync(agent.connection.id, this.metric ?? UNMEASURED, NOTHING);
  }

  /** Before the first measurement a sync waits, until the round after at most, and behind those that wait still. */
  private takeSync(agent: HandlerAgent, sync: Uint8Array): void {
    const { early, metric } = this;
    if (metric !== undefined && early.length === 0) return this.apply(agent, sync, metric);
    if (metric !== undefined && !this.hasRoomFor(sync)) this.takeEarly(agent);
    if (!this.hasRoomFor(sync)) {
      this.parts.counters.syncsDropped++;
      return;
    }
    early.push(sync.slice());
    this.earlyBytes += sync.length;
  }

  private hasRoomFor({ length }: Uint8Array): boolean {
    return this.early.length < EARLY_MAX && this.earlyBytes + length <= EARLY_BYTES_MAX;
  }

  /** A slice of them; the others follow in turns of their own, so that none is long. */
  private takeEarly(agent: HandlerAgent): void {
    let byteCount = 0;
    for (let [sync] = this.early; sync !== undefined && (byteCount === 0 || byteCount + sync.length <= SLICE_BYTES); [sync] = this.early) {
      this.early.shift();
      this.earlyBytes -= sync.length;
      byteCount += sync.length;
      this.apply(agent, sync, this.metric ?? UNMEASURED);
    }
    if (this.early.length > 0) this.earlyTimer.within(agent, 0);
  }

  private clearEarly(): void {
    this.early = [];
    this.earlyBytes = 0;
  }

  private apply(agent: HandlerAgent, sync: Uint8Array, metric: LinkMetric): void {
    const { router, counters, refusals } = this.parts;
    if (router.applySync(agent.connection.id, metric, sync) === false) {
      counters.syncsRefused++;
      agent.metrics.counter('syncs_refused_total').value++;
      return refusals.happened(agent, agent.connection.nodeId, undefined);
    }
    counters.syncsTaken++;
    agent.sendToBehavior(NEWS);
  }

  private round(agent: HandlerAgent): void {
    this.lastRoundMs = agent.nowMs;
    if (!this.flush(agent)) return;
    if (!this.isUnderstood) return this.reportNothing(agent);
    if (this.send(agent, this.parts.router.createSync(agent.connection.nodeId, this.bytesMax))) this.sendNews(agent);
  }

  /** Above the pace the news wait, and become one with those that come meanwhile. */
  private sendNews(agent: HandlerAgent): void {
    if (this.timer.dueMs < Number.POSITIVE_INFINITY || !this.flush(agent) || !this.isUnderstood) return;
    const { router, pace } = this.parts;
    const waitMs = pace.waitMs(1, agent.nowMs);
    if (waitMs > 0) return this.timer.within(agent, waitMs);
    let count = 0;
    while (count < NEWS_PARTS_MAX && this.dueSync === undefined) {
      if (!this.send(agent, router.createNews(agent.connection.nodeId, this.bytesMax))) break;
      count++;
    }
    if (count > 0) pace.charge(1, agent.nowMs);
  }

  /** Whether there was something to send. */
  private send(agent: HandlerAgent, sync: Uint8Array | undefined): boolean {
    if (sync === undefined || sync.length === 0) return false;
    if (sync.length > this.bytesMax) {
      this.parts.counters.syncsDropped++;
      return true;
    }
    this.parts.counters.syncsSent++;
    this.dueSync = encodeSync(sync);
    this.flush(agent);
    return true;
  }

  /** Whether nothing waits any more. */
  private flush(agent: HandlerAgent): boolean {
    if (this.dueHello !== undefined && !this.reply(agent, encodeHello(this.dueHello))) return false;
    this.dueHello = undefined;
    if (this.dueSync !== undefined && !this.reply(agent, this.dueSync)) return false;
    this.dueSync = undefined;
    return true;
  }

  /** Whether there was room. */
  private reply(agent: HandlerAgent, message: Uint8Array): boolean {
    const result = agent.reply(message, { lane: 'control' });
    if (result === 'queued') this.parts.counters.bytesSent += message.length;
    return result !== 'full';
  }
}
