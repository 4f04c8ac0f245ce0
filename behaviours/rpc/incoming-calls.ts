/**
 * @module IncomingCalls: the requests in work here. Each is in work from its arrival until it is answered, cancelled or too late, the
 * neighbour that called is lost, or its service or this behaviour ends; then nothing of it is kept. Bounded for each calling node, for each
 * relay, and in all; beyond that it is refused at once.
 *
 * At most once: an id that is in work is not handed on again. A relay might repeat a message also later, and a caller sends a request again
 * that a relay says it lost, so that ids of relayed requests are remembered for half a minute after; a neighbour's channel repeats nothing.
 */
import {
  type BehaviorAgent,
  type ErrorCode,
  type Lost,
  type Message,
  PendingTable,
  type SendOptions,
  type SendResult,
} from '../../core/index.js';
import type { RpcHost } from './host.js';
import { IncomingCall } from './incoming-call.js';
import {
  type AnswerMessage,
  type AskMessage,
  type CancelMessage,
  type CreditMessage,
  END,
  ERROR,
  ITEM,
  OK,
  type RequestMessage,
  UNKNOWN,
  type UnknownMessage,
} from './messages.js';
import type { Party } from './parties.js';
import { RecentIds } from './recent-ids.js';
import { SentAnswers } from './sent-answers.js';

type Sent = SendResult | 'unencodable';

/** What the caller is told of an answer that could not be sent. */
const REFUSALS: Readonly<Record<Exclude<Sent, 'queued'>, readonly [code: ErrorCode, text: string]>> = {
  full: ['RPC_OVERLOADED', 'the answer found no room on its way'],
  'too-large': ['RPC_TOO_LARGE', 'the answer is larger than a message'],
  unreachable: ['RPC_PEER_GONE', 'no route leads to the caller'],
  unencodable: ['RPC_FAILED', 'the answer cannot be carried'],
};

const SERVICE_STOPPED = 'the service was stopped';
const CONTROL: SendOptions = { lane: 'control' };
const REMEMBER_MS = 30_000;
const REMEMBERED_MAX = 16_384;

export class IncomingCalls {
  private readonly work: PendingTable<IncomingCall>;
  private readonly recent = new RecentIds(REMEMBER_MS, REMEMBERED_MAX);

  private readonly sent: SentAnswers;

  constructor(private readonly host: RpcHost) {
    this.sent = new SentAnswers(host);
    this.work = new PendingTable(host.settings.workMax);
  }

  /** Requests in work. */
  get size(): number {
    return this.work.size;
  }

  get nextDueMs(): number {
    return Math.min(this.work.nextDueMs, this.sent.nextDueMs);
  }

  started(agent: BehaviorAgent): void {
    this.recent.begin(agent.nowMs);
  }

  receive(agent: BehaviorAgent, message: Message, request: RequestMessage): void {
    const carrier = message.connectionId === undefined ? undefined : this.host.parties.neighbour(agent, message.connectionId);
    const party = this.partyOf(message, carrier);
    if (party === undefined) return;
    if (this.isRepeated(party, request[1], agent.nowMs)) {
      this.host.counters.requestsDuplicate++;
    } else if (this.isOverloaded(party, carrier)) {
      this.host.counters.requestsOverloaded++;
      this.send(agent, party, [ERROR, request[1], 'RPC_OVERLOADED', 'too many calls are in work', 0], message.connectionId);
    } else {
      this.begin(agent, new IncomingCall(this, party, carrier, request));
    }
  }

  cancel(agent: BehaviorAgent, message: Message, [, id]: CancelMessage): void {
    const call = this.find(agent, message, id);
    if (call !== undefined) this.abort(call, 'CALL_CANCELLED', 'the caller cancelled');
  }

  credit(agent: BehaviorAgent, message: Message, [, id, total]: CreditMessage): void {
    const call = this.find(agent, message, id);
    call?.feed?.onCredit(total);
  }

  /** The caller does not know whether its request came, and hears of it only if it is not in work. */
  asked(agent: BehaviorAgent, message: Message, [, id]: AskMessage): void {
    if (this.find(agent, message, id) !== undefined) return;
    const carrier = message.connectionId === undefined ? undefined : this.host.parties.neighbour(agent, message.connectionId);
    const party = this.partyOf(message, carrier);
    if (party === undefined || this.sent.repeat(agent, party, id)) return;
    const { recent } = this;
    const coveredMs = recent.has(keyOf(party, id), agent.nowMs) ? 0 : Math.floor(recent.coveredMs(agent.nowMs));
    agent.send(party.route, [UNKNOWN, id, coveredMs] satisfies UnknownMessage);
  }

  /** A message that a relay could not hand on was no request: perhaps an answer. */
  lostMessage(agent: BehaviorAgent, lost: Lost): void {
    this.sent.lost(agent, lost);
  }

  /** The connection has ended: nobody waits for the neighbour's calls. `isOpen`: only for this behaviour, which stops. */
  lost(agent: BehaviorAgent, party: Party, isOpen: boolean): void {
    for (const call of this.work.takeOwned(party)) {
      if (call.isOver) continue;
      if (isOpen) this.sendEnd(agent, call, 'RPC_PEER_GONE', SERVICE_STOPPED);
      this.abort(call, 'RPC_PEER_GONE', 'the connection to the caller ended');
    }
  }

  /** A service of this node has ended, or, without a service id, this behaviour does: the callers are told. */
  serviceEnded(agent: BehaviorAgent, serviceId?: number): void {
    for (const call of this.work.values()) {
      if (call.isOver || (serviceId !== undefined && call.serviceId !== serviceId)) continue;
      this.sendEnd(agent, call, 'RPC_PEER_GONE', SERVICE_STOPPED);
      this.abort(call, 'RPC_PEER_GONE', SERVICE_STOPPED);
    }
  }

  /** The caller's own deadline has passed as well; only the reader of a sequence counts anew with each item. */
  expire(agent: BehaviorAgent, nowMs: number): void {
    for (let due = this.work.takeDue(nowMs); due !== undefined; due = this.work.takeDue(nowMs)) {
      if (due.value.feed !== undefined) this.sendEnd(agent, due.value, 'RPC_TIMEOUT', 'the sequence stood still');
      this.abort(due.value, 'RPC_TIMEOUT', 'the deadline has passed');
    }
    this.sent.expire(agent, nowMs);
  }

  /** From now on the call has so much time. */
  due(call: IncomingCall, timeoutMs: number): void {
    this.host.act((agent) => {
      if (this.work.take(call.pendingId) !== undefined) this.arm(agent, call, timeoutMs);
    });
  }

  later(delayMs: number, callback: () => void): void {
    this.host.act((agent) => agent.after(delayMs, callback));
  }

  answerOk(call: IncomingCall, value: unknown): void {
    this.finish(call, [OK, call.id, value]);
  }

  answerError(call: IncomingCall, code: string, text: string, count: number): void {
    this.finish(call, [ERROR, call.id, code, text, count]);
  }

  answerEnd(call: IncomingCall, count: number): void {
    this.finish(call, [END, call.id, count]);
  }

  /** Whether the item needs no second try: it was taken, or the call has ended with it. */
  answerItem(call: IncomingCall, index: number, value: unknown): boolean {
    let result: Sent = 'unreachable';
    this.host.act((agent) => {
      result = this.trySend(agent, call.party, [ITEM, call.id, index, value], call.connectionId);
    });
    return this.isSettled(call, index, result);
  }

  /** An answer came too late, or twice. */
  ignored(): void {
    this.host.counters.answersIgnored++;
  }

  /** What a handler threw stays on this node. */
  failedInside({ serviceId, method }: IncomingCall, err: unknown): void {
    this.host.log.debug({ service: serviceId, method, err }, 'rpc handler failed');
  }

  private begin(agent: BehaviorAgent, call: IncomingCall): void {
    const { party, carrier } = call;
    party.work.set(call.id, call);
    if (!party.isDirect && carrier !== undefined) {
      carrier.relayedCount++;
      this.host.parties.keep(party);
      this.recent.add(keyOf(party, call.id), agent.nowMs);
    }
    this.arm(agent, call, call.timeoutMs);
    this.host.counters.requestsAccepted++;
    agent.deliverRpc(call, call);
  }

  private arm(agent: BehaviorAgent, call: IncomingCall, timeoutMs: number): void {
    call.deadlineMs = agent.nowMs + timeoutMs;
    call.pendingId = this.work.add(call, call.deadlineMs, call.party.neighbour);
    this.host.wakeAt(agent, this.work.nextDueMs);
  }

  private partyOf(message: Message, carrier: Party | undefined): Party | undefined {
    const { parties } = this.host;
    if (message.connectionId === undefined) return parties.local;
    return message.sourceVerified ? carrier : parties.claimed(message.source);
  }

  /** What a neighbour says counts also for the calls that it made before it was one. */
  private find(agent: BehaviorAgent, message: Message, id: number): IncomingCall | undefined {
    const { parties } = this.host;
    const carrier = message.connectionId === undefined ? undefined : parties.neighbour(agent, message.connectionId);
    const party = this.partyOf(message, carrier);
    return party?.work.get(id) ?? (party?.neighbour && parties.claimed(party.nodeId).work.get(id));
  }

  private isRepeated(party: Party, id: number, nowMs: number): boolean {
    if (party.work.has(id)) return true;
    // A neighbour may have sent it over a relay first.
    return !this.recent.isEmpty && this.recent.has(keyOf(party, id), nowMs);
  }

  private isOverloaded(party: Party, carrier: Party | undefined): boolean {
    const { workMax, workPerNodeMax, workPerRelayMax } = this.host.settings;
    if (this.work.size >= workMax) return true;
    if (party.isDirect) return party.neighbour !== undefined && party.work.size >= workPerNodeMax;
    return party.work.size >= workPerNodeMax || carrier === undefined || carrier.relayedCount >= workPerRelayMax;
  }

  private isSettled(call: IncomingCall, index: number, result: Sent): boolean {
    if (result === 'queued' || result === 'full') return result === 'queued';
    const [code, text] = REFUSALS[result];
    this.answerError(call, code, text, index);
    return true;
  }

  private sendEnd(agent: BehaviorAgent, call: IncomingCall, code: ErrorCode, text: string): void {
    this.send(agent, call.party, [ERROR, call.id, code, text, call.feed?.sentCount ?? 0], call.connectionId);
  }

  private abort(call: IncomingCall, code: ErrorCode, text: string): void {
    this.drop(call);
    this.host.counters.requestsAborted++;
    call.abort(code, text);
  }

  private finish(call: IncomingCall, answer: AnswerMessage): void {
    this.drop(call);
    call.feed?.end();
    this.host.act((agent) => this.send(agent, call.party, answer, call.connectionId));
  }

  private drop(call: IncomingCall): void {
    const { party, carrier } = call;
    this.work.take(call.pendingId);
    call.isOver = true;
    party.work.delete(call.id);
    if (party.isDirect || carrier === undefined) return;
    carrier.relayedCount--;
    this.host.parties.keep(party);
  }

  /** An answer that finds no room is replaced by a short one on the lane that has some. */
  private send(agent: BehaviorAgent, party: Party, answer: AnswerMessage, cameOver: number | undefined): void {
    const result = this.trySend(agent, party, answer, cameOver);
    if (result === 'queued') return;
    const [code, text] = REFUSALS[result];
    const short: AnswerMessage = answer[0] === OK ? [ERROR, answer[1], code, text, 0] : answer;
    if (result === 'unreachable' || agent.send(party.route, short, CONTROL) !== 'queued') this.host.counters.answersLost++;
  }

  private trySend(agent: BehaviorAgent, party: Party, answer: AnswerMessage, cameOver: number | undefined): Sent {
    try {
      return party.isDirect ? agent.send(party.route, answer) : this.sent.send(agent, party, answer, cameOver);
    } catch (err) {
      this.host.log.debug({ err }, 'rpc answer cannot be carried');
      return 'unencodable';
    }
  }
}

function keyOf(party: Party, id: number): string {
  return `${party.nodeId}${id}`;
}
