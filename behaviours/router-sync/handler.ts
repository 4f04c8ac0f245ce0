/**
 * @module RouterSyncHandler: one connection's syncs. It translates between the agent, the router table and `conversation.ts`: what the
 * table wants to tell becomes messages at the right time, and what arrives is handed to the table.
 */
import {
  assertNever,
  type CloseReason,
  type ConnectionAgent,
  type ConnectionEvent,
  ConnectionHandler,
  type LinkMetric,
  type RouterTable,
} from '../../core/index.js';
import type { Conversation } from './conversation.js';
import type { Hello } from './messages.js';
import { sayableKind } from './messages.js';
import type { RouterSyncCounters, RouterSyncSettings } from './options.js';
import { Pace } from './pace.js';

/** The table may have learned something: others may have to be told. */
export type RouterSyncToBehavior = { readonly type: 'news' };
/** The table may have something to tell. */
export type RouterSyncToHandler = { readonly type: 'news' };

type HandlerAgent = ConnectionAgent<RouterSyncToBehavior, RouterSyncToHandler>;

/** What a handler shares with its behaviour. */
export interface HandlerParts {
  readonly router: RouterTable;
  readonly settings: RouterSyncSettings;
  readonly counters: RouterSyncCounters;
  readonly conversation: Conversation;
  /** The connection is older than the behaviour. */
  readonly isLate: boolean;
}

const UNMEASURED: LinkMetric = { rttMs: undefined, lossRatio: undefined, bandwidth: undefined };
const NOTHING = new Uint8Array(0);
const NEWS = { type: 'news' } as const;
/** Syncs that wait for the first measurement. */
const EARLY_MAX = 64;
/** Pieces of news that are taken from the table at once. */
const NEWS_PARTS_MAX = 64;

export class RouterSyncHandler extends ConnectionHandler<RouterSyncToBehavior, RouterSyncToHandler> {
  /** The kind that this side said, and the one that the remote said; `undefined` before the first hello. */
  private saidKind: string | undefined;
  private remoteKind: string | undefined;
  private metric: LinkMetric | undefined;
  /** Syncs from before the first measurement. */
  private early: Uint8Array[] = [];
  /** Messages that found no room. Nothing is said before them. */
  private unsent: Uint8Array[] = [];
  private readonly pace: Pace;
  private isArmed = false;
  private lastRoundMs = Number.NEGATIVE_INFINITY;
  /** The table said something along with the hello. */
  private hasGreeted = false;

  constructor(private readonly parts: HandlerParts) {
    super();
    this.pace = new Pace(parts.settings.intervalMs);
  }

  /** What the table says first goes along with the hello; a remote whose table is of another kind ignores it. */
  override onOpened(agent: HandlerAgent): void {
    this.sayHello(agent, this.parts.isLate);
    this.hasGreeted = this.tell(agent, this.parts.router.createNews(agent.connection.nodeId));
  }

  override onTick(agent: HandlerAgent, nowMs: number, intervalMs: number): void {
    if (nowMs - this.lastRoundMs < this.parts.settings.intervalMs - intervalMs / 2) return;
    if (this.lastRoundMs > Number.NEGATIVE_INFINITY) this.takeEarly(agent);
    if (this.saidKind !== this.kind) this.sayHello(agent, false);
    this.round(agent, nowMs);
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
        return this.tellNews(agent);
      default:
        assertNever(event);
    }
  }

  override onBehaviorEvent(agent: HandlerAgent): void {
    this.tellNews(agent);
  }

  /** When only this behaviour ends, the remote hears that there will be no more syncs. */
  override onClosed(agent: HandlerAgent, _reason: CloseReason): void {
    agent.reply(this.parts.conversation.hello('', false), { lane: 'control' });
  }

  private get kind(): string {
    return sayableKind(this.parts.router.kind);
  }

  /** Both sides speak of the same kind of table. */
  private get isUnderstood(): boolean {
    return this.saidKind !== undefined && this.saidKind !== '' && this.saidKind === this.kind && this.saidKind === this.remoteKind;
  }

  private sayHello(agent: HandlerAgent, isAnswerWanted: boolean): void {
    this.saidKind = this.kind;
    this.unsent.push(this.parts.conversation.hello(this.kind, isAnswerWanted));
    this.flush(agent);
  }

  private received(agent: HandlerAgent, message: Uint8Array): void {
    const heard = this.parts.conversation.receive(message);
    switch (heard.type) {
      case 'hello':
        return this.greeted(agent, heard);
      case 'sync':
        return this.takeSync(agent, heard.bytes);
      case 'waiting':
        return;
      case 'ignored':
        this.parts.counters.messagesIgnored++;
        return;
      default:
        assertNever(heard);
    }
  }

  /** A remote that spoke of the same kind before and does not any more takes back all that it said. */
  private greeted(agent: HandlerAgent, { kind, isAnswerWanted }: Hello): void {
    const wasUnderstood = this.isUnderstood;
    const isFirst = this.remoteKind === undefined;
    this.remoteKind = kind;
    if (isAnswerWanted || this.saidKind !== this.kind) this.sayHello(agent, false);
    if (this.isUnderstood) return isFirst && this.hasGreeted ? this.awaitRound(agent) : this.round(agent, agent.nowMs);
    this.early = [];
    if (!wasUnderstood) return;
    this.parts.router.applySync(agent.connection.id, this.metric ?? UNMEASURED, NOTHING);
    agent.sendToBehavior(NEWS);
  }

  /** Before the first measurement a sync waits, until the round after at most (ATM-55). */
  private takeSync(agent: HandlerAgent, sync: Uint8Array): void {
    const { counters } = this.parts;
    if (!this.isUnderstood) counters.messagesIgnored++;
    else if (this.metric !== undefined) this.apply(agent, sync, this.metric);
    else if (this.early.length < EARLY_MAX) this.early.push(sync);
    else counters.syncsDropped++;
  }

  private takeEarly(agent: HandlerAgent): void {
    const { early } = this;
    this.early = [];
    for (const sync of early) this.apply(agent, sync, this.metric ?? UNMEASURED);
  }

  private apply(agent: HandlerAgent, sync: Uint8Array, metric: LinkMetric): void {
    this.parts.router.applySync(agent.connection.id, metric, sync);
    this.parts.counters.syncsTaken++;
    agent.sendToBehavior(NEWS);
  }

  /** The neighbour has the table's first words already. */
  private awaitRound(agent: HandlerAgent): void {
    this.lastRoundMs = agent.nowMs;
  }

  private round(agent: HandlerAgent, nowMs: number): void {
    this.lastRoundMs = nowMs;
    if (!this.flush(agent) || !this.isUnderstood) return;
    this.tell(agent, this.parts.router.createSync(agent.connection.nodeId));
    this.tellNews(agent);
  }

  /** At the pace's bound the news wait, and become one with those that come meanwhile. */
  private tellNews(agent: HandlerAgent): void {
    if (this.isArmed || !this.flush(agent) || !this.isUnderstood) return;
    const { router } = this.parts;
    const waitMs = this.pace.waitMs(agent.nowMs);
    if (waitMs > 0) return this.arm(agent, waitMs);
    let isTold = false;
    for (let count = 0; count < NEWS_PARTS_MAX && this.unsent.length === 0; count++) {
      if (!this.tell(agent, router.createNews(agent.connection.nodeId))) break;
      isTold = true;
    }
    if (isTold) this.pace.take(agent.nowMs);
  }

  private arm(agent: HandlerAgent, waitMs: number): void {
    this.isArmed = true;
    agent.after(waitMs, (later) => {
      this.isArmed = false;
      this.tellNews(later);
    });
  }

  /** Whether there was something to tell. */
  private tell(agent: HandlerAgent, sync: Uint8Array | undefined): boolean {
    if (sync === undefined) return false;
    const { conversation, counters } = this.parts;
    const messages = conversation.cut(sync);
    if (messages.length === 0) counters.syncsDropped++;
    else counters.syncsSent++;
    this.unsent.push(...messages);
    this.flush(agent);
    return true;
  }

  /** Whether everything that was said is on its way. What finds no room goes when there is some again. */
  private flush(agent: HandlerAgent): boolean {
    for (let message = this.unsent[0]; message !== undefined; message = this.unsent[0]) {
      const result = agent.reply(message, { lane: 'control' });
      if (result === 'full') return false;
      this.unsent.shift();
      if (result === 'queued') this.parts.counters.bytesSent += message.length;
    }
    return true;
  }
}
