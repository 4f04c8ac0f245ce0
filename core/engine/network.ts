/**
 * @module Network: the node's state machine, synchronous and without any contact to the world. `step` takes one input and runs to
 * quiescence; `flush` returns what the world has to do; `nextDueMs` is when time itself is an input. It owns the one FIFO of
 * actions. Nothing in it or below it knows a socket, a timer, a clock, ambient randomness or a promise.
 * The path of the bytes: bytes -> link's secure channel -> frames -> `delivery.ts` -> callback, and back by lane, record, effect.
 */

import type { Address } from '../address/address.js';
import type { NodeId } from '../address/node-id.js';
import type { DropCause } from '../api/events.js';
import type { RouterTable } from '../api/router-table.js';
import { assertNever } from '../errors.js';
import type { Limits } from '../limits.js';
import { PendingTable } from '../structures/pending-table.js';
import type { BehaviorTable } from './behaviors/behavior-table.js';
import type { Callbacks } from './behaviors/callbacks.js';
import type { Calls } from './behaviors/calls.js';
import { Ticker } from './behaviors/ticker.js';
import type { Action, Effect, EngineContext, Expiry, Input, NetworkOptions } from './context.js';
import { CoreMetrics } from './core-metrics.js';
import type { DatagramLinks } from './datagram-links.js';
import type { Dialer } from './dial/dialer.js';
import type { Link } from './links/link.js';
import type { LinkTable } from './links/link-table.js';
import type { Liveness } from './links/liveness.js';
import { EngineParts } from './parts.js';
import type { RouterFacade } from './router-facade.js';

/** How long an older table helps out one that is not filled. */
const FILL_MS = 10_000;

export class Network implements EngineContext {
  readonly self: NodeId;
  readonly limits: Limits;
  readonly metrics: CoreMetrics;
  /** The engine's own are bounded by links and dials; those of behaviours where they are added. */
  readonly deadlines = new PendingTable<Expiry>(Number.POSITIVE_INFINITY);
  nowMs = 0;
  isStopping = false;
  /** Whether a step runs now. Set from outside, it goes on at the time of the last one, at which nothing more is due. */
  isStepping = false;
  /** A flush is worth it before the turn ends: several full records wait, or a channel is to be paused or resumed. */
  isFlushUrgent = false;
  addresses: readonly Address[] = [];

  readonly callbacks: Callbacks;
  readonly behaviors: BehaviorTable;
  readonly calls: Calls;
  readonly links: LinkTable;
  readonly liveness: Liveness;
  readonly dialer: Dialer;
  readonly parts: EngineParts;

  private fifo: Action[] = [];
  private effects: Effect[] = [];
  private touched: Link[] = [];
  /** Links whose refused senders may try again. */
  private writable: Link[] = [];
  /** When the newest table decides alone, filled or not. */
  private fillDeadline = 0;
  /** A handshake message went out in the last flush. */
  private awaitsRemote = false;

  constructor(
    readonly options: NetworkOptions,
    /** Attached here. */
    readonly router: RouterFacade,
    datagramLinks: DatagramLinks | undefined,
  ) {
    this.self = options.identity.nodeId;
    this.limits = options.limits;
    this.metrics = new CoreMetrics(options.limits.metricSeriesMax);
    this.parts = new EngineParts(this, router, datagramLinks);
    this.callbacks = this.parts.callbacks;
    this.behaviors = this.parts.behaviors;
    this.calls = this.parts.calls;
    this.links = this.parts.links;
    this.liveness = this.parts.liveness;
    this.dialer = this.parts.dialer;
    router.attach(this.self);
  }

  /** Takes one input and runs until nothing is left to do. Never throws for what a remote or an author's callback did. */
  step(input: Input, nowMs: number): void {
    try {
      this.begin(nowMs);
      this.take(input);
    } finally {
      this.end();
    }
  }

  /** For whoever does the work of a step: what is due comes first, or waits (`expires`). That there is room again is left for the next input. */
  begin(nowMs: number, expires = true): void {
    const lateMs = nowMs - this.nextDueMs;
    this.nowMs = Math.max(this.nowMs, nowMs);
    this.isStepping = true;
    if (expires && lateMs > 0) this.liveness.forgive(lateMs);
    if (expires && lateMs >= 0) this.expire();
  }

  /** What the work of a step has set off comes last. */
  end(): void {
    try {
      this.drain();
    } finally {
      this.parts.delivery.settle();
      this.isStepping = false;
    }
  }

  /** What the world has to do now: seals what waits in the lanes. */
  flush(nowMs: number): readonly Effect[] {
    this.nowMs = Math.max(this.nowMs, nowMs);
    this.isFlushUrgent = false;
    for (const link of this.touched) this.write(link);
    this.touched = [];
    const { effects } = this;
    this.effects = [];
    return effects;
  }

  /** Right after the effects of a flush were carried out: work that is best done while a remote does its own. */
  idle(): void {
    if (this.awaitsRemote) this.options.keys.prepare();
    this.awaitsRemote = false;
  }

  /** A turn of the event loop is over. Returns whether links have more to read: then the next one begins with the input `turn`. */
  nextTurn(): boolean {
    return this.parts.pipeline.budget.nextTurn();
  }

  /** When `step` wants to be called with `time`; now, when work was left over for the next turn. */
  get nextDueMs(): number {
    return this.fifo.length > 0 || this.writable.length > 0 ? this.nowMs : this.deadlines.nextDueMs;
  }

  /** Whether actions wait. */
  get hasActions(): boolean {
    return this.fifo.length > 0;
  }

  /** Whether the end of this turn matters. */
  get isTurnUsed(): boolean {
    return this.touched.length > 0 || this.effects.length > 0 || this.parts.pipeline.budget.isUsed;
  }

  /** A behaviour's business, if one wants it. */
  keepSeed(seed: Address): void {
    const slot = this.behaviors.all.find(({ ports }) => ports.seedKeeper !== undefined);
    if (slot === undefined) return this.parts.keeper.keep(seed);
    this.callbacks.run(slot, 'seedKeeper', () => slot.ports.seedKeeper?.keep(slot.agent, seed));
  }

  /** The node has ended without a word: nothing works any more. */
  abandon(): void {
    this.behaviors.abandon();
    this.parts.application.stop();
    this.parts.waits.stop();
  }

  /** The id of a channel that the runner is about to report as accepted. */
  reserveConnectionId(): number {
    return this.links.nextId();
  }

  enqueue(action: Action): void {
    this.fifo.push(action);
  }

  touch(link: Link): void {
    if (link.channel?.isBlocked !== true && link.outbox.isFlushUrgent) this.isFlushUrgent = true;
    if (link.isTouched) return;
    link.isTouched = true;
    this.touched.push(link);
  }

  effect(effect: Effect): void {
    this.effects.push(effect);
    if (effect.type === 'pause' || effect.type === 'resume') this.isFlushUrgent = true;
  }

  dropped(cause: DropCause, count: number, connectionId: number | undefined, serviceId?: number): void {
    this.metrics.dropped[cause].value += count;
    this.options.emit('dropped', { cause, count, connectionId, serviceId });
  }

  drain(): void {
    if (this.fifo.length === 0) return;
    let done = 0;
    try {
      while (done < this.fifo.length && done < this.limits.actionsPerStepMax) (this.fifo[done++] as Action).run();
    } finally {
      this.fifo = done === this.fifo.length ? [] : this.fifo.slice(done);
    }
  }

  /** The work of a step: an input. */
  take(input: Input): void {
    this.settleRefusals();
    switch (input.type) {
      case 'start':
        return this.start();
      case 'time':
        return;
      case 'listening':
        this.addresses = [...this.addresses, ...input.addresses];
        return this.options.emit('listening', { addresses: input.addresses });
      case 'accepted':
        return void this.links.accept(input);
      case 'connected':
        return this.links.connected(input);
      case 'resolved':
        return this.withLink(input.connectionId, (link) => this.dialer.resolved(link, input.addresses));
      case 'dial-failed':
        return this.withLink(input.connectionId, (link) => this.dialer.failed(link, input.error));
      case 'bytes':
        return this.withLink(input.connectionId, (link) => this.parts.pipeline.receive(link, input.bytes));
      case 'written':
        return this.withLink(input.connectionId, (link) => this.parts.pipeline.written(link, input.byteCount));
      case 'closed':
        this.withLink(input.connectionId, (link) => this.parts.pipeline.ended(link, input.cause));
        return this.parts.handovers?.channelEnded(input.connectionId);
      case 'datagram':
      case 'socket-closed':
        return this.parts.datagrams?.take(input);
      case 'unreachable':
        return this.dialer.unreachable(input.socketId, input.to, input.cause);
      case 'turn':
        return this.parts.pipeline.readDeferred();
      case 'work':
        return input.work();
      case 'stop':
        return this.stop();
      default:
        assertNever(input);
    }
  }

  /** The behaviours start, and are ticked from now on. */
  start(): void {
    this.behaviors.startAll();
    new Ticker(this, this.callbacks, this.behaviors, () => this.links.handlers()).start();
  }

  /** Goodbye to everybody, then the last callbacks. */
  private stop(): void {
    this.isStopping = true;
    this.parts.application.stop();
    this.parts.waits.stop();
    this.parts.keeper.stop();
    this.dialer.stop();
    for (const link of [...this.links.all]) this.links.close(link, 'goodbye', 'the node stops');
    this.drain();
    for (const slot of [...this.behaviors.all].reverse()) this.behaviors.stop(slot);
  }

  private settleRefusals(): void {
    const { writable } = this;
    if (writable.length > 0) this.writable = [];
    for (const link of writable) this.parts.refusals.settle(link);
  }

  private expire(): void {
    // What is added now waits for the next step, so that a timer of 0 ms that renews itself holds nobody up.
    const { lastId } = this.deadlines;
    for (let due = this.deadlines.takeDue(this.nowMs, lastId); due !== undefined; due = this.deadlines.takeDue(this.nowMs, lastId)) {
      due.value();
      this.drain();
    }
  }

  private withLink(connectionId: number, work: (link: Link) => void): void {
    const link = this.links.get(connectionId) ?? this.parts.handovers?.linkAt(connectionId);
    if (link !== undefined) work(link);
  }

  private write(link: Link): void {
    link.isTouched = false;
    if (link.phase === 'securing') this.awaitsRemote = true;
    this.parts.pipeline.write(link);
    if (link.isOpen && link.outbox.isRoomWanted) this.writable.push(link);
  }

  /** Puts another table beneath the router; the old one helps out until it is filled, `FILL_MS` at most. */
  useRouter(table: RouterTable): void {
    this.router.replace(table);
    this.deadlines.take(this.fillDeadline);
    if (this.router.isFilling) this.fillDeadline = this.deadlines.add(() => this.router.settle(table), this.nowMs + FILL_MS);
  }

  /** For the facade: a table threw or answered nonsense. */
  routerFault(callback: string, cause: unknown): void {
    this.metrics.faults.value++;
    this.options.log.error({ callback, err: cause }, 'router table failed');
    this.options.emit('fault', { behavior: 'router', serviceId: 0, callback, cause, isFatal: false });
  }
}
