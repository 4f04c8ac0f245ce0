/**
 * @module OutgoingCalls: the own calls that wait. Each ends exactly once: with an answer of the node that was called, by its deadline,
 * with the neighbour that it left over, by its owner's `cancel`, or with this behaviour. What cannot be sent fails at once, in the same
 * step. What ends a call over relays stands in `relayed-calls.ts`.
 */
import {
  type BehaviorAgent,
  type CallRequest,
  encodeValue,
  type Lost,
  type Message,
  NetworkError,
  PendingTable,
  toNode,
} from '../../core/index.js';
import type { RpcHost } from './host.js';
import {
  type AnswerMessage,
  CANCEL,
  CREDIT,
  isMethod,
  isTimeout,
  METHOD_LENGTH_MAX,
  REQUEST,
  TIMEOUT_MS_MAX,
  type UnknownMessage,
} from './messages.js';
import type { Failure, Outgoing } from './outgoing-call.js';
import type { Party, Target } from './parties.js';
import { type CallTable, RelayedCalls } from './relayed-calls.js';
import { RequestIds } from './request-ids.js';

/** A call that was not sent: told by the behaviour to itself, so that nobody is called back from within his call. */
export interface RefusedCall {
  readonly call: Outgoing;
  readonly failure: Failure;
}

export class OutgoingCalls implements CallTable {
  private readonly pending: PendingTable<Outgoing>;
  private readonly relayed: RelayedCalls;
  private readonly byId = new Map<number, Outgoing>();
  private readonly ids = new RequestIds();

  constructor(
    private readonly host: RpcHost,
    private readonly serviceId: number,
  ) {
    this.pending = new PendingTable(host.settings.callsMax);
    this.relayed = new RelayedCalls(host, this);
  }

  /** Calls that wait. */
  get size(): number {
    return this.pending.size;
  }

  get nextDueMs(): number {
    return Math.min(this.pending.nextDueMs, this.relayed.nextDueMs);
  }

  start(agent: BehaviorAgent, call: Outgoing, request: CallRequest): void {
    const failure = this.send(agent, call, request);
    if (failure === undefined) return;
    this.host.counters.callsRefused++;
    agent.sendToBehavior(this.serviceId, { call, failure } satisfies RefusedCall);
  }

  refused({ call, failure }: RefusedCall): void {
    call.failed(failure);
  }

  answered(agent: BehaviorAgent, message: Message, answer: AnswerMessage): void {
    const { counters } = this.host;
    const call = this.byId.get(answer[1]);
    if (call === undefined) counters.answersUnknown++;
    else if (!isFrom(call.target as Target, message)) counters.answersForeign++;
    else {
      this.relayed.delivered(call);
      if (call.window > 0) this.bind(agent, call, message);
      call.answered(agent, answer);
    }
  }

  /** Somebody was asked for a call, and does not have it. */
  unknown(agent: BehaviorAgent, message: Message, [, id, coveredMs]: UnknownMessage): void {
    const call = this.byId.get(id);
    if (call !== undefined && isFrom(call.target as Target, message)) this.relayed.unknown(agent, call, coveredMs);
  }

  /** Whether a message that a relay could not hand on was of a call. */
  lostMessage(agent: BehaviorAgent, lost: Lost): boolean {
    return this.relayed.lost(agent, lost);
  }

  fail(call: Outgoing, reason: Failure): void {
    if (!call.isWaiting) return;
    this.leave(call);
    call.failed(reason);
  }

  move(call: Outgoing, target: Target): void {
    call.target = target;
    this.pending.take(call.pendingId);
    call.pendingId = this.pending.add(call, call.dueMs, target.neighbour);
  }

  /** The call waits no longer. */
  leave(call: Outgoing): void {
    this.pending.take(call.pendingId);
    this.forget(call);
  }

  cancel(call: Outgoing): void {
    this.host.counters.callsCancelled++;
    if (!call.isWaiting) return;
    this.leave(call);
    this.act((agent) => this.sendCancel(agent, call));
  }

  /** The connection has ended; `isOpen`: only for this behaviour, which stops. */
  lost(agent: BehaviorAgent, party: Party, isOpen: boolean): void {
    const calls = this.pending.takeOwned(party);
    for (const call of calls) this.forget(call);
    for (const call of calls) {
      if (isOpen) this.sendCancel(agent, call);
      call.failed({ type: 'error', code: 'RPC_PEER_GONE', text: 'the connection ended before the answer' });
    }
  }

  expire(agent: BehaviorAgent, nowMs: number): void {
    for (let due = this.pending.takeDue(nowMs); due !== undefined; due = this.pending.takeDue(nowMs)) {
      this.relayed.timedOut(due.value, nowMs);
      this.forget(due.value);
      this.host.counters.callsTimedOut++;
      due.value.expired(agent);
    }
    this.relayed.expire(agent, nowMs);
  }

  stop(agent: BehaviorAgent): void {
    for (const call of this.pending.values()) {
      if (!call.isWaiting) continue;
      this.leave(call);
      this.sendCancel(agent, call);
      call.failed({ type: 'error', code: 'CALL_CANCELLED', text: 'the node or its rpc behaviour stops' });
    }
  }

  /** The call's time begins anew, if it waits. */
  arm(agent: BehaviorAgent, call: Outgoing): void {
    if (!call.isWaiting) return;
    this.pending.take(call.pendingId);
    call.dueMs = agent.nowMs + call.patienceMs;
    call.pendingId = this.pending.add(call, call.dueMs, call.target?.neighbour);
    this.host.wakeAt(agent, this.pending.nextDueMs);
  }

  sendCredit(agent: BehaviorAgent, { id, target }: Outgoing, total: number): void {
    if (target !== undefined) agent.send(target.route, [CREDIT, id, total]);
  }

  /** A provider that is not known yet is asked for by its route, and the first hop, which mostly is the provider, by its connection. */
  sendCancel(agent: BehaviorAgent, { id, target }: Outgoing): void {
    if (target === undefined) return;
    const isSearched = target.nodeId === undefined;
    agent.send(target.route, [CANCEL, id], isSearched ? { streamId: streamIdOf(id) } : undefined);
    if (isSearched && target.neighbour !== undefined) agent.send(target.neighbour.route, [CANCEL, id]);
  }

  settled(): void {
    this.host.counters.callsSettled++;
  }

  malformed(): void {
    this.host.counters.malformed++;
  }

  /** Calls back; what the callback throws is not this behaviour's fault, and may not undo what it does. */
  tell<T>(callback: (value: T) => void, value: T): void {
    try {
      callback(value);
    } catch (err) {
      this.host.log.error({ err }, 'rpc caller threw in its callback');
    }
  }

  act(work: (agent: BehaviorAgent) => void): void {
    this.host.act(work);
  }

  /** Sends the request; answers why not. */
  private send(agent: BehaviorAgent, call: Outgoing, request: CallRequest): Failure | undefined {
    const problem = problemOf(request, call.timeoutMs);
    if (problem !== undefined) return failure('ARGUMENT_INVALID', problem);
    if (this.pending.size >= this.pending.sizeMax)
      return failure('LIMIT_EXCEEDED', `rpc limit callsMax (${this.pending.sizeMax}) is reached`);
    const { route, serviceId } = request;
    const target = route.type === 'services' ? undefined : this.host.parties.targetOf(agent, route, serviceId);
    if (target === undefined) return UNREACHABLE;
    call.target = target;
    call.id = this.freshId(agent);
    return this.sendRequest(agent, call, request) ?? this.enter(agent, call);
  }

  private sendRequest(agent: BehaviorAgent, call: Outgoing, request: CallRequest): Failure | undefined {
    const { id, timeoutMs, window } = call;
    const { route, isDirect } = call.target as Target;
    const body = [REQUEST, id, request.serviceId, request.method, timeoutMs, request.value, window];
    try {
      const result = isDirect ? agent.send(route, body) : this.relayed.send(agent, call, request, encodeValue(body, agent.limits));
      return result === 'queued' ? undefined : REFUSALS[result];
    } catch (error) {
      const text = error instanceof NetworkError ? error.message : 'the value cannot be read';
      return failure('CODEC_UNENCODABLE', text);
    }
  }

  private enter(agent: BehaviorAgent, call: Outgoing): undefined {
    this.byId.set(call.id, call);
    call.isWaiting = true;
    this.host.counters.callsStarted++;
    this.arm(agent, call);
  }

  private freshId(agent: BehaviorAgent): number {
    let id = this.ids.next(agent.random);
    while (this.byId.has(id)) id = this.ids.next(agent.random);
    return id;
  }

  /** The provider of a sequence is known with its first word: credit goes to it alone. */
  private bind(agent: BehaviorAgent, call: Outgoing, message: Message): void {
    if (call.target?.nodeId !== undefined || message.connectionId === undefined) return;
    const { source } = message;
    const claimed: Target = { ...(call.target as Target), route: toNode(source), nodeId: source, neighbour: undefined };
    call.target = message.sourceVerified ? this.host.parties.neighbour(agent, message.connectionId) : claimed;
  }

  private forget(call: Outgoing): void {
    call.isWaiting = false;
    this.byId.delete(call.id);
    this.relayed.leave(call);
  }
}

function isFrom(target: Target, message: Message): boolean {
  if (target.isDirect && !message.sourceVerified) return false;
  return target.nodeId === undefined || target.nodeId === message.source;
}

/** Messages of one stream id keep their provider; 0 would name none. */
function streamIdOf(id: number): number {
  return id >>> 0 || 1;
}

function problemOf({ route, serviceId, method }: CallRequest, timeoutMs: number): string | undefined {
  if (typeof route !== 'object' || route === null) return `call: route is ${typeof route}`;
  if (route.type === 'services') return 'call: route leads to many nodes; a call goes to one';
  if (!Number.isInteger(serviceId) || serviceId < 1 || serviceId > 255) return `call: serviceId is ${String(serviceId)}; it must be 1-255`;
  if (!isMethod(method)) return `call: method must be a text of 1 to ${METHOD_LENGTH_MAX} characters`;
  if (!isTimeout(timeoutMs)) return `call: timeoutMs is ${String(timeoutMs)}; it must be 1 to ${TIMEOUT_MS_MAX}`;
  return undefined;
}

function failure(code: string, text: string): Failure {
  return { type: 'error', code, text };
}

const UNREACHABLE = failure('RPC_UNREACHABLE', 'no route leads to the destination');
const REFUSALS = {
  unreachable: UNREACHABLE,
  'too-large': failure('RPC_TOO_LARGE', 'the request is larger than a message may be'),
  full: failure('LIMIT_EXCEEDED', 'the lane of the connection is full'),
} as const;
