/**
 * @module Callbacks: the only place where an author's code is called. Each callback is a transaction: what it recorded joins the FIFO
 * when it returns; when it throws, its actions are forgotten, its frames are cut out of the lanes, and a fault is reported that names
 * behaviour, callback and cause. Callbacks nest only through `perform`.
 */
import type { BehaviorAgent, Cancellable } from '../../api/agent.js';
import type { ConnectionEvent } from '../../api/events.js';
import { PendingTable } from '../../structures/pending-table.js';
import { onRejected } from '../../structures/rejection.js';
import type { Message } from '../../wire/message.js';
import type { EngineContext } from '../context.js';
import { type BehaviorSlot, HandlerSlot, type Owner, type Sending } from './owner.js';

/** What a callback writes to and may have to be taken back: a lane. */
export interface Revocable {
  /** From here on what is written belongs to this transaction; whether it needs to be settled. */
  mark(transaction: number): boolean;
  /** Takes back what the transaction wrote. */
  cut(transaction: number): void;
  settle(): void;
}

/** Calls of behaviours that may wait for their answer. */
export const CALLS_MAX = 1_048_576;
/** What a behaviour still sees when its fault budget is spent. */
const ENDINGS = new Set([
  'onClosed',
  'onDisconnected',
  'onIncomingConnectionDisconnected',
  'onOutgoingConnectionDisconnected',
  'onStopped',
]);

export class Callbacks {
  /** Calls that are not answered yet, by owner. */
  readonly calls = new PendingTable<Cancellable>(CALLS_MAX);
  /** For the simulator: called for each callback, with what it is about if that is an event or a message. */
  tap: ((owner: Sending, callback: string, event: ConnectionEvent | undefined) => void) | undefined = undefined;
  private transactions = 0;
  private depth = 0;
  private lastOwner: Sending | undefined;
  private lastCallback = '';
  /** Lanes that were written to since the outermost callback began. */
  private readonly touched: Revocable[] = [];

  /** `onSpent`: the fault budget of a behaviour is spent, it has to be stopped. */
  constructor(
    private readonly context: EngineContext,
    private readonly onSpent: (slot: BehaviorSlot) => void,
  ) {}

  /** Whether a callback runs now. */
  get isRunning(): boolean {
    return this.depth > 0;
  }

  /** The callback that began last, for whoever finds that one took too long. */
  get last(): { readonly behavior: string | undefined; readonly callback: string } {
    return { behavior: this.lastOwner?.behavior?.name, callback: this.lastCallback };
  }

  /** Runs a callback of `owner`; returns what it returned, or `undefined` when it threw. An ended owner is not called. */
  run<T>(owner: Owner, callback: string, work: () => T): T | undefined {
    if (owner.isEnded || (owner.behavior.isCondemned && !ENDINGS.has(callback))) return undefined;
    const { transaction: outer, recorded } = owner;
    this.begin(owner, callback);
    try {
      const result = work();
      if (result !== undefined) this.watch(owner, callback, result);
      this.commit(owner);
      return result;
    } catch (cause) {
      this.fail(owner, callback, cause);
      return undefined;
    } finally {
      this.leave(owner, outer, recorded);
    }
  }

  /** As `run`, for a question: distinguishes a result of `undefined` from a throw. `isFault`: of what a promise is rejected with. */
  ask<T>(owner: Owner, callback: string, question: () => T, isFault?: (cause: unknown) => boolean): { readonly answer: T } | undefined {
    return this.run(owner, callback, () => {
      const answer = question();
      if (answer !== undefined) this.watch(owner, callback, answer, isFault);
      return { answer };
    });
  }

  /** As `run`, for work that an application or another behaviour asked for: what it throws is the asker's. */
  perform<T>(owner: BehaviorSlot, work: (agent: BehaviorAgent) => T): T {
    return this.performWith(owner, work, undefined);
  }

  /** The same with an argument, for work that is done too often for a closure each time. */
  performWith<A, T>(owner: BehaviorSlot, work: (agent: BehaviorAgent, argument: A) => T, argument: A): T {
    const { transaction: outer, recorded } = owner;
    this.begin(owner, 'perform');
    try {
      const result = work(owner.agent, argument);
      this.commit(owner);
      return result;
    } catch (cause) {
      this.rollback(owner);
      throw cause;
    } finally {
      this.leave(owner, outer, recorded);
    }
  }

  /** The same for whoever else sends. */
  transact<A, T>(sender: Sending, argument: A, work: (argument: A) => T): T {
    const { transaction: outer, recorded } = sender;
    this.begin(sender, 'perform');
    try {
      const result = work(argument);
      this.commit(sender);
      return result;
    } catch (cause) {
      this.rollback(sender);
      throw cause;
    } finally {
      this.leave(sender, outer, recorded);
    }
  }

  /** The hot path: a direct message for a handler. No closure, no allocation. */
  event(slot: HandlerSlot, event: ConnectionEvent): void {
    const { transaction: outer, recorded } = slot;
    this.begin(slot, 'onEvent', event);
    try {
      const result: unknown = slot.handler.onEvent(slot.agent, event);
      if (result !== undefined) this.watch(slot, 'onEvent', result);
      this.commit(slot);
    } catch (cause) {
      this.fail(slot, 'onEvent', cause);
    } finally {
      this.leave(slot, outer, recorded);
    }
  }

  /** The hot path: a message for a behaviour. */
  message(slot: BehaviorSlot, message: Message): void {
    const { transaction: outer, recorded } = slot;
    this.begin(slot, 'onMessage', message);
    try {
      const result: unknown = slot.instance.onMessage(slot.agent, message);
      if (result !== undefined) this.watch(slot, 'onMessage', result);
      this.commit(slot);
    } catch (cause) {
      this.fail(slot, 'onMessage', cause);
    } finally {
      this.leave(slot, outer, recorded);
    }
  }

  handlerEvent(from: Owner, to: HandlerSlot, event: unknown): void {
    if (!to.isOpened || to.isEnded) return;
    if (!(from instanceof HandlerSlot)) return this.void(to, 'onBehaviorEvent', () => to.handler.onBehaviorEvent(to.agent, event));
    const { connection } = from;
    this.void(to, 'onOtherHandlerEvent', () => to.handler.onOtherHandlerEvent(to.agent, connection.nodeId, connection.id, event));
  }

  behaviorEvent(from: Owner, to: BehaviorSlot, event: unknown): void {
    if (from instanceof HandlerSlot) {
      const { connection } = from;
      this.void(to, 'onHandlerEvent', () => to.instance.onHandlerEvent(to.agent, connection.nodeId, connection.id, event));
    } else {
      this.void(to, 'onBehaviorEvent', () => to.instance.onBehaviorEvent(to.agent, from.behavior.serviceId, event));
    }
  }

  /** The owner has had its last callback: its timers and calls are released. */
  end(owner: Owner): void {
    owner.isEnded = true;
    owner.behavior.timerCount -= this.context.deadlines.takeOwned(owner).length;
    for (const call of this.calls.takeOwned(owner)) call.cancel();
  }

  /** Remembers a lane in which the running callback writes, so that its frames can be cut out again. */
  mark({ transaction }: Sending, lane: Revocable): void {
    if (lane.mark(transaction)) this.touched.push(lane);
  }

  /** Reports a fault; past the budget the behaviour is stopped. */
  fault(owner: Owner, callback: string, cause: unknown): void {
    const { behavior } = owner;
    const { nowMs, limits, metrics, options } = this.context;
    const isFatal = !behavior.faults.take(limits.faultsPerMinute, nowMs) && !behavior.isEnded && !behavior.isCondemned;
    behavior.isCondemned ||= isFatal;
    metrics.faults.value++;
    const { name, serviceId } = behavior;
    options.log.error({ behavior: name, service: serviceId, callback, err: cause, fatal: isFatal }, 'callback failed');
    options.emit('fault', { behavior: name, serviceId, callback, cause, isFatal });
    if (!isFatal) return;
    const facts = { behavior: name, service: serviceId, limit: 'faultsPerMinute', maximum: limits.faultsPerMinute };
    options.log.error(facts, 'behaviour stopped for its faults');
    this.onSpent(behavior);
  }

  private void(owner: Owner, callback: string, work: () => unknown): void {
    this.run(owner, callback, work);
  }

  private begin(owner: Sending, callback: string, event?: ConnectionEvent): void {
    if (this.tap !== undefined) this.tap(owner, callback, event);
    this.lastOwner = owner;
    this.lastCallback = callback;
    owner.transaction = ++this.transactions;
    owner.recorded = undefined;
    this.depth++;
  }

  /** What was recorded joins the FIFO. */
  commit(owner: Sending): void {
    const { recorded } = owner;
    if (recorded === undefined) return;
    for (const action of recorded) this.context.enqueue(action);
  }

  private rollback(owner: Sending): void {
    for (const lane of this.touched) lane.cut(owner.transaction);
    for (const action of owner.recorded ?? []) action.undo?.();
  }

  private fail(owner: Owner, callback: string, cause: unknown): void {
    this.rollback(owner);
    this.fault(owner, callback, cause);
  }

  private leave(owner: Sending, outer: number, recorded: Owner['recorded']): void {
    owner.transaction = outer;
    owner.recorded = recorded;
    if (--this.depth > 0) return;
    // Emptied by its length, an array gets new memory with the next element.
    for (let lane = this.touched.pop(); lane !== undefined; lane = this.touched.pop()) lane.settle();
  }

  /** Of a promise that a hook returned, only the rejection is looked at. */
  watch(owner: Owner, callback: string, result: unknown, isFault?: (cause: unknown) => boolean): void {
    const { context } = this;
    onRejected(result, (cause) => {
      if (isFault?.(cause) === false) return;
      if (context.isStopping) this.fault(owner, callback, cause);
      else context.options.enter(() => this.fault(owner, callback, cause));
    });
  }
}
