/**
 * @module Action: what a callback has recorded and the core carries out afterwards, one small function per kind. Actions are executed
 * in the order of recording, between callbacks, never inside of one. An action whose target has gone meanwhile does nothing.
 */

import type { NodeId } from '../../address/node-id.js';
import type { Cancellable } from '../../api/agent.js';
import type { CallRequest, CallResult } from '../../api/ports.js';
import type { RpcAnswer, RpcRequest } from '../../api/rpc.js';
import type { ErrorCode } from '../../errors.js';
import { PENDING_FULL } from '../../structures/pending-table.js';
import type { Message } from '../../wire/message.js';
import type { DialRequest } from '../dial/dialer.js';
import type { Engine } from '../engine.js';
import type { BehaviorSlot, HandlerSlot, Owner } from './owner.js';

/** A timer from its `after` to its callback. */
export interface TimerState extends Cancellable {
  readonly owner: Owner;
  readonly dueMs: number;
  readonly callback: () => void;
  isDone: boolean;
  id: number;
}

/** A call from its `call` to its answer. */
export interface CallState extends Cancellable {
  readonly owner: Owner;
  readonly request: CallRequest;
  readonly callback: (answer: CallResult) => void;
  isDone: boolean;
  id: number;
  stop: (() => void) | undefined;
}

export type Action =
  | { readonly type: 'handler-event'; readonly from: Owner; readonly to: HandlerSlot; readonly event: unknown }
  | { readonly type: 'behavior-event'; readonly from: Owner; readonly to: BehaviorSlot; readonly event: unknown }
  | { readonly type: 'local-message'; readonly message: Message; readonly bytes: number }
  | { readonly type: 'connect'; readonly owner: BehaviorSlot; readonly request: DialRequest }
  | { readonly type: 'close-connection'; readonly owner: Owner; readonly connectionId: number; readonly reason: string }
  | { readonly type: 'disconnect-node'; readonly nodeId: NodeId; readonly reason: string }
  | { readonly type: 'hold'; readonly connectionId: number; readonly holder: BehaviorSlot }
  | { readonly type: 'release'; readonly connectionId: number; readonly holder: BehaviorSlot }
  | { readonly type: 'admit'; readonly connectionId: number; readonly gate: BehaviorSlot }
  | { readonly type: 'register-service'; readonly slot: BehaviorSlot; readonly serviceId: number }
  | { readonly type: 'unregister-service'; readonly slot: BehaviorSlot; readonly serviceId: number }
  | { readonly type: 'timer'; readonly timer: TimerState }
  | { readonly type: 'call'; readonly call: CallState }
  | { readonly type: 'answer'; readonly call: CallState; readonly answer: CallResult }
  | { readonly type: 'rpc'; readonly request: RpcRequest; readonly answer: RpcAnswer }
  /** The core's own: the fault budget is spent. */
  | { readonly type: 'stop-behavior'; readonly slot: BehaviorSlot }
  /** What the application asked for, perhaps in a callback: it waits until that has returned. */
  | { readonly type: 'work'; readonly work: () => void };

type Of<Type extends Action['type']> = Extract<Action, { type: Type }>;
type Table = { readonly [Type in Action['type']]: (engine: Engine, action: Of<Type>) => void };

const EXECUTE: Table = {
  'handler-event': (engine, { from, to, event }) => engine.callbacks.handlerEvent(from, to, event),
  'behavior-event': (engine, { from, to, event }) => engine.callbacks.behaviorEvent(from, to, event),
  'local-message': (engine, { message, bytes }) => engine.delivery.local.deliver(message, bytes),
  connect: (engine, { owner, request }) => (owner.isEnded ? undefined : engine.dialer.dial(request)),
  'close-connection': (engine, { owner, connectionId, reason }) => engine.links.closeFor(owner, connectionId, reason),
  'disconnect-node': (engine, { nodeId, reason }) => engine.links.closeByNode(nodeId, reason),
  hold: (engine, { connectionId, holder }) => (holder.isEnded ? undefined : engine.links.hold(connectionId, holder)),
  release: (engine, { connectionId, holder }) => engine.links.release(connectionId, holder),
  admit: (engine, { connectionId, gate }) => engine.admission.admit(connectionId, gate),
  'register-service': (engine, { slot, serviceId }) => engine.behaviors.registerService(slot, serviceId),
  'unregister-service': (engine, { slot, serviceId }) => engine.behaviors.unregisterService(slot, serviceId),
  timer: startTimer,
  call: startCall,
  answer: (engine, { call, answer }) => settleCall(engine, call, answer),
  rpc: (engine, { request, answer }) => engine.callbacks.rpc(request, answer),
  'stop-behavior': (engine, { slot }) => engine.behaviors.stop(slot),
  work: (_engine, { work }) => work(),
};

export function execute(engine: Engine, action: Action): void {
  (EXECUTE[action.type] as (engine: Engine, action: Action) => void)(engine, action);
}

function startTimer(engine: Engine, { timer }: Of<'timer'>): void {
  if (timer.isDone || timer.owner.isEnded) return;
  timer.id = engine.deadlines.add(() => fire(engine, timer), timer.dueMs, timer.owner);
}

function fire(engine: Engine, timer: TimerState): void {
  if (timer.isDone) return;
  timer.isDone = true;
  timer.owner.behavior.timerCount--;
  engine.callbacks.run(timer.owner, 'after', timer.callback);
}

function startCall(engine: Engine, { call }: Of<'call'>): void {
  if (call.isDone || call.owner.isEnded) return;
  call.id = engine.calls.add(call, Number.POSITIVE_INFINITY, call.owner);
  if (call.id === PENDING_FULL) return settleCall(engine, call, failed('LIMIT_EXCEEDED', 'this node has too many calls in work'));
  const slot = engine.behaviors.callerSlot;
  const caller = slot?.ports.caller;
  if (slot === undefined || caller === undefined)
    return settleCall(engine, call, failed('RPC_ABSENT', 'no rpc behaviour runs on this node'));
  const settle = (answer: CallResult) => engine.options.enter(() => engine.enqueue({ type: 'answer', call, answer }));
  const running = engine.callbacks.ask(slot, 'caller', () => caller.call(call.request, settle))?.answer;
  if (running === undefined) return settleCall(engine, call, failed('RPC_FAILED', 'the rpc behaviour of this node failed'));
  call.stop = () => engine.callbacks.run(slot, 'caller', () => running.cancel());
}

function settleCall(engine: Engine, call: CallState, answer: CallResult): void {
  if (call.isDone) return;
  call.isDone = true;
  engine.calls.take(call.id);
  engine.callbacks.run(call.owner, 'call', () => call.callback(answer));
}

function failed(code: ErrorCode, text: string): CallResult {
  return { type: 'error', code, text };
}
