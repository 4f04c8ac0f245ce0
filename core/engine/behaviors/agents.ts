/**
 * @module Agents, implemented: thin objects that check that their callback still runs, send at once, and record everything else. One
 * per owner; they keep no state of their own.
 */

import { type Address, parseAddress } from '../../address/address.js';
import { isNodeId, type NodeId } from '../../address/node-id.js';
import type { Agent, BehaviorAgent, Cancellable, ConnectionAgent, HandlerTarget, SendOptions } from '../../api/agent.js';
import type { Connection } from '../../api/events.js';
import type { BehaviorPorts, CallResult, LentPort, Logger, Random } from '../../api/ports.js';
import type { Route } from '../../api/routes.js';
import type { RpcAnswer, RpcRequest } from '../../api/rpc.js';
import { NetworkError, type SendResult } from '../../errors.js';
import { type Limits, limitError } from '../../limits.js';
import type { Engine } from '../engine.js';
import type { Action, CallState, TimerState } from './action.js';
import { requireText } from './arguments.js';
import type { BehaviorSlot, HandlerSlot, Owner } from './owner.js';

abstract class AgentOf<Self extends Owner> implements Agent {
  constructor(
    protected readonly engine: Engine,
    protected readonly owner: Self,
  ) {}

  get nodeId(): NodeId {
    return this.engine.self;
  }

  get nowMs(): number {
    return this.engine.nowMs;
  }

  get wallMs(): number {
    return this.engine.options.wallMs();
  }

  get random(): Random {
    return this.engine.options.random;
  }

  get log(): Logger {
    return this.engine.behaviors.logOf(this.owner.behavior);
  }

  get limits(): Limits {
    return this.engine.limits;
  }

  get addresses(): readonly Address[] {
    return this.engine.addresses;
  }

  send(route: Route, payload: unknown, options?: SendOptions): SendResult {
    this.guard();
    return this.engine.delivery.send(this.owner, route, payload, options);
  }

  sendToHandlers(target: HandlerTarget, event: unknown): number {
    this.guard();
    const targets = this.engine.links.handlersOf(this.owner.behavior, target);
    for (const to of targets) this.record({ type: 'handler-event', from: this.owner, to, event });
    return targets.length;
  }

  after(delayMs: number, callback: (agent: this) => void): Cancellable {
    const { behavior } = this.owner;
    const { timersPerBehaviorMax } = this.engine.limits;
    if (!(typeof delayMs === 'number' && delayMs >= 0))
      throw new NetworkError('ARGUMENT_INVALID', `after: delayMs is ${String(delayMs)}; it must be a number of 0 or more`);
    if (behavior.timerCount >= timersPerBehaviorMax)
      throw limitError('timersPerBehaviorMax', behavior.timerCount, timersPerBehaviorMax, behavior.name);
    const timer: TimerState = {
      owner: this.owner,
      dueMs: this.engine.nowMs + delayMs,
      callback: () => callback(this),
      isDone: false,
      id: 0,
      cancel: () => this.cancelTimer(timer),
    };
    this.record({ type: 'timer', timer });
    behavior.timerCount++;
    return timer;
  }

  call(
    route: Route,
    serviceId: number,
    method: string,
    value: unknown,
    options: { readonly timeoutMs?: number },
    callback: (agent: this, answer: CallResult) => void,
  ): Cancellable {
    const call: CallState = {
      owner: this.owner,
      request: { route, serviceId, method, value, ...options },
      callback: (answer) => callback(this, answer),
      isDone: false,
      id: 0,
      stop: undefined,
      cancel: () => this.cancelCall(call),
    };
    this.record({ type: 'call', call });
    return call;
  }

  ports<Name extends keyof BehaviorPorts>(name: Name): readonly LentPort<NonNullable<BehaviorPorts[Name]>>[] {
    this.guard();
    return this.engine.behaviors.all.flatMap((slot) => {
      const port = slot.ports[name];
      return port === undefined ? [] : [this.lend(slot, name, port)];
    });
  }

  protected guard(): void {
    if (this.owner.transaction === 0) throw escaped(this.owner);
  }

  protected record(action: Action): void {
    const { owner } = this;
    this.guard();
    if (owner.recorded === undefined) owner.recorded = [action];
    else owner.recorded.push(action);
  }

  private lend<Port>(slot: BehaviorSlot, name: string, port: Port): LentPort<Port> {
    const { callbacks } = this.engine;
    const use: LentPort<Port>['use'] = (work) => {
      this.guard();
      const watched = watchedPort(port, (answer) => callbacks.watch(slot, name, answer));
      return callbacks.run(slot, name, () => ({ answer: work(watched) }));
    };
    return { serviceId: slot.serviceId, behavior: slot.name, use };
  }

  private cancelTimer(timer: TimerState): void {
    if (timer.isDone) return;
    timer.isDone = true;
    timer.owner.behavior.timerCount--;
    this.engine.deadlines.take(timer.id);
  }

  private cancelCall(call: CallState): void {
    if (call.isDone) return;
    call.isDone = true;
    this.engine.calls.take(call.id);
    call.stop?.();
  }
}

export class BehaviorAgentOf extends AgentOf<BehaviorSlot> implements BehaviorAgent {
  connect(target: Address | NodeId | string, callback?: (agent: this, outcome: Connection | NetworkError) => void): number {
    const { owner } = this;
    const attemptId = this.engine.dialer.nextAttemptId();
    const parsed = typeof target === 'string' && !isNodeId(target) ? parseAddress(target) : target;
    const settle = (outcome: Connection | NetworkError) => this.engine.callbacks.run(owner, 'connect', () => callback?.(this, outcome));
    const onSettled = callback && { onSettled: settle };
    this.record({ type: 'connect', owner, request: { attemptId, target: parsed, owner, ...onSettled } });
    return attemptId;
  }

  closeConnection(connectionId: number, reason = ''): void {
    requireText('closeConnection: reason', reason);
    this.record({ type: 'close-connection', owner: this.owner, connectionId, reason });
  }

  disconnectNode(nodeId: NodeId, reason = ''): void {
    requireText('disconnectNode: reason', reason);
    this.record({ type: 'disconnect-node', nodeId, reason });
  }

  connections(): readonly Connection[] {
    this.guard();
    return this.engine.links.openConnections();
  }

  hold(connectionId: number): void {
    this.record({ type: 'hold', connectionId, holder: this.owner });
  }

  release(connectionId: number): void {
    this.record({ type: 'release', connectionId, holder: this.owner });
  }

  sendToBehavior(serviceId: number, event: unknown): boolean {
    this.guard();
    const to = this.engine.behaviors.at(serviceId);
    if (to === undefined) return false;
    this.record({ type: 'behavior-event', from: this.owner, to, event });
    return true;
  }

  admit(connectionId: number): void {
    this.record({ type: 'admit', connectionId, gate: this.owner });
  }

  registerService(serviceId: number): void {
    const taken = this.engine.behaviors.at(serviceId);
    if (!Number.isInteger(serviceId) || serviceId < 1 || serviceId > 255)
      throw new NetworkError('ARGUMENT_INVALID', `serviceId is ${serviceId}; it must be 1-255`);
    if (taken !== undefined && taken !== this.owner)
      throw new NetworkError('BEHAVIOR_DUPLICATE', `service ${serviceId} is taken by ${taken.name}`);
    this.record({ type: 'register-service', slot: this.owner, serviceId });
  }

  unregisterService(serviceId: number): void {
    this.record({ type: 'unregister-service', slot: this.owner, serviceId });
  }

  deliverRpc(request: RpcRequest, answer: RpcAnswer): void {
    this.record({ type: 'rpc', request, answer });
  }
}

export class ConnectionAgentOf extends AgentOf<HandlerSlot> implements ConnectionAgent {
  get connection(): Connection {
    return this.owner.link.connection as Connection;
  }

  reply(payload: unknown, options?: SendOptions): SendResult {
    this.guard();
    return this.engine.delivery.sendOn(this.owner, this.owner.link, payload, options);
  }

  sendToBehavior(event: unknown): void {
    this.record({ type: 'behavior-event', from: this.owner, to: this.owner.behavior, event });
  }

  close(reason = ''): void {
    requireText('close: reason', reason);
    this.record({ type: 'close-connection', owner: this.owner, connectionId: this.owner.link.id, reason });
  }
}

/** The port, with a look at everything that it answers: a promise in place of an answer may be rejected, and nobody waits for it. */
function watchedPort<Port>(port: Port, watch: (answer: unknown) => void): Port {
  const get = (_target: object, key: string | symbol): unknown => {
    const member: unknown = Reflect.get(port as object, key);
    if (typeof member !== 'function') return member;
    return (...args: unknown[]) => {
      const answer: unknown = Reflect.apply(member, port, args);
      if (answer !== undefined) watch(answer);
      return answer;
    };
  };
  return new Proxy({}, { get }) as Port;
}

function escaped(owner: Owner): NetworkError {
  return new NetworkError('AGENT_ESCAPED', `an agent of ${owner.behavior.name} was used outside of its callback`);
}
