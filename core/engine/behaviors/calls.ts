/**
 * @module Calls: calls of callbacks, made by the behaviour that fills the port `caller`, from their recording to their answer; and the other
 * end, requests that such a behaviour delivers to an `onRpc` or `@Rpc` method of this node.
 */
import type { BehaviorAgent, Cancellable } from '../../api/agent.js';
import type { Caller, CallRequest, CallResult } from '../../api/ports.js';
import type { RpcAnswer, RpcRequest } from '../../api/rpc.js';
import { NO_RPC_OPTIONS } from '../../api/rpc-options.js';
import { type ErrorCode, NetworkError } from '../../errors.js';
import { limitReached } from '../../limits.js';
import { PENDING_FULL } from '../../structures/pending-table.js';
import type { Action, EngineContext } from '../context.js';
import type { BehaviorObserver, BehaviorTable } from './behavior-table.js';
import { circumstantial, failureOf } from './call-failure.js';
import { CALLS_MAX, type Callbacks } from './callbacks.js';
import type { BehaviorSlot, Owner } from './owner.js';

/** A call from its `call` to its answer. */
class Call implements Action, Cancellable {
  isSettled = false;
  id = 0;
  stop: (() => void) | undefined;

  constructor(
    private readonly calls: Calls,
    readonly owner: Owner,
    readonly request: CallRequest,
    readonly callback: (answer: CallResult) => void,
  ) {}

  get isDone(): boolean {
    return this.isSettled || this.owner.isEnded;
  }

  run(): void {
    this.calls.start(this);
  }

  undo(): void {
    this.isSettled = true;
  }

  cancel(): void {
    this.calls.cancel(this);
  }
}

export class Calls implements BehaviorObserver {
  constructor(
    private readonly context: EngineContext,
    private readonly callbacks: Callbacks,
    private readonly behaviors: BehaviorTable,
  ) {}

  /** Calls that are not answered yet. */
  get size(): number {
    return this.callbacks.calls.size;
  }

  /** An action that makes the call. */
  call(owner: Owner, request: CallRequest, callback: (answer: CallResult) => void): Action & Cancellable {
    return new Call(this, owner, request, callback);
  }

  start(call: Call): void {
    if (call.isDone) return;
    call.id = this.callbacks.calls.add(call, Number.POSITIVE_INFINITY, call.owner);
    if (call.id === PENDING_FULL) return this.settle(call, failureOf(tooMany()));
    const slot = this.behaviors.callerSlot;
    const caller = slot?.ports.caller;
    if (slot === undefined || caller === undefined) return this.settle(call, failed('RPC_ABSENT', 'no rpc behaviour runs on this node'));
    const settle = (answer: CallResult) => this.context.options.enter(() => this.context.enqueue({ run: () => this.settle(call, answer) }));
    const running = this.callbacks.ask(slot, 'caller', () => caller.call(slot.agent, call.request, settle))?.answer;
    if (running === undefined) return this.settle(call, failed('RPC_FAILED', 'the rpc behaviour of this node failed'));
    call.stop = () => this.callbacks.run(slot, 'caller', () => running.cancel());
  }

  cancel(call: Call): void {
    if (call.isSettled) return;
    call.isSettled = true;
    this.callbacks.calls.take(call.id);
    call.stop?.();
  }

  /** Runs work as a callback of the behaviour that makes calls; what it throws comes out. Throws `RPC_ABSENT`. */
  withCaller<T>(work: (caller: Caller, agent: BehaviorAgent) => T): T {
    const slot = this.behaviors.callerSlot;
    const caller = slot?.ports.caller;
    if (slot === undefined || caller === undefined) throw new NetworkError('RPC_ABSENT', 'no rpc behaviour runs on this node');
    return this.callbacks.perform(slot, (agent) => work(caller, agent));
  }

  /** A request for `onRpc` or an `@Rpc` method. What such a method throws is its answer, not a fault: callers must not spend budgets. */
  deliver(request: RpcRequest, answer: RpcAnswer): void {
    const slot = this.behaviors.at(request.serviceId);
    if (slot === undefined || slot.isEnded) return answer.error('RPC_NO_HANDLER', 'no such service');
    if (slot.rpcMethods.has(request.method)) return this.deliverToMethod(slot, request, answer);
    const verdict = this.callbacks.ask(slot, 'onRpc', () => slot.instance.onRpc(slot.agent, request, answer));
    if (verdict === undefined) answer.error('RPC_FAILED', 'the handler threw');
    else if (verdict.answer !== true) answer.error('RPC_METHOD_UNKNOWN', 'no such method');
  }

  /** A behaviour has ended: whoever waits for an answer of it gets to know that there will be none. */
  left(slot: BehaviorSlot): void {
    const { callerSlot } = this.behaviors;
    if (callerSlot === undefined || callerSlot === slot) return;
    for (const serviceId of [slot.serviceId, ...slot.extraServices])
      this.callbacks.run(callerSlot, 'caller', () => callerSlot.ports.caller?.serviceEnded?.(callerSlot.agent, serviceId));
  }

  /** No new requests of other nodes; calls back when no call is in work any more. */
  drain(settled: () => void): void {
    const slot = this.behaviors.callerSlot;
    const caller = slot?.ports.caller;
    if (slot === undefined || caller?.drain === undefined) return settled();
    this.callbacks.run(slot, 'caller', () => caller.drain?.(slot.agent, settled));
  }

  private settle(call: Call, answer: CallResult): void {
    if (call.isSettled) return;
    call.isSettled = true;
    this.callbacks.calls.take(call.id);
    const named = answer.type === 'error' ? circumstantial(call.request, answer) : answer;
    this.callbacks.run(call.owner, 'call', () => call.callback(named));
  }

  private deliverToMethod(slot: BehaviorSlot, request: RpcRequest, answer: RpcAnswer): void {
    const methods = slot.instance as unknown as Record<string, (value: unknown, context: RpcRequest) => unknown>;
    const run = (value: unknown) => this.callbacks.perform(slot, () => methods[request.method]?.(value, request));
    answer.run(slot.rpcOptions.get(request.method) ?? NO_RPC_OPTIONS, run);
  }
}

function tooMany(): NetworkError {
  return limitReached({ limit: 'CALLS_MAX', current: CALLS_MAX, maximum: CALLS_MAX, scope: 'calls of behaviours' });
}

function failed(code: ErrorCode, text: string): CallResult {
  return { type: 'error', code, text };
}
