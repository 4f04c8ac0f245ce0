/**
 * @module Responder: the requests of other nodes in work here. Each is in work from its arrival until it is answered, cancelled or too late,
 * the neighbour that sent it is lost, or this side ends; then nothing of it is kept but, for a while, the answer that left over relays.
 * Bounded for each requesting node, for each relay, and in all.
 *
 * At most once: an id that is in work is not handed on again. A relay might repeat a message also later, and a requester sends a request
 * again that a relay reports as lost, so that ids of relayed requests, and of those that a neighbour has sent over relays before, are
 * remembered for half a minute. A neighbour's channel repeats nothing.
 */
import type { SendResult } from '../../errors.js';
import { DeadlineHeap } from '../../structures/deadline-heap.js';
import { SeenSet } from '../../structures/seen-set.js';
import { type AnswerCounters, KeptAnswers } from './kept-answers.js';
import { ANSWER, ANSWER_HEAD_BYTES, type CorrelationId, type MessageHead, UNKNOWN, writeNumberedHead } from './messages.js';
import type { Peer, Peers } from './peers.js';
import type { ExchangeAgent, Origin } from './port.js';
import type { ServedEnd, ServedRequest } from './served-request.js';

/** `repeated`: its id is in work, or was. A bound that is reached deserves an answer that names it. */
export type Admission = 'new' | 'repeated' | ReachedBound;

/** What a `Responder` counts. */
export interface ResponderCounters extends AnswerCounters {
  /** Requests whose id is in work or was, a moment ago. */
  requestsDuplicate: number;
  requestsOverloaded: number;
}

/** How many requests of other nodes may be in work. */
export interface ResponderBounds {
  /** Requests of one node that may be in work. */
  readonly workPerNodeMax: number;
  /** Requests that one relay brings, whatever nodes they claim to come from. */
  readonly workPerRelayMax: number;
  readonly workMax: number;
}

/** A bound that refuses a request. */
export interface ReachedBound {
  readonly name: keyof ResponderBounds;
  readonly value: number;
}

/** Ids are remembered for half a minute at least, unless there are too many. */
const REMEMBERED = { countMax: 32_768, ageMaxMs: 60_000 };

/** Where an answer goes: a request in work, or one that was refused. */
export interface AnswerTarget extends CorrelationId {
  readonly peer: Peer;
  readonly carrier: Peer | undefined;
}

export class Responder<Request extends ServedRequest> {
  /** All in work. */
  private readonly deadlines = new DeadlineHeap<Request>();
  private readonly seen = new SeenSet(REMEMBERED);
  private startedMs = Number.POSITIVE_INFINITY;
  private readonly answers: KeptAnswers;

  constructor(
    private readonly peers: Peers,
    private readonly counters: ResponderCounters,
    private readonly bounds: ResponderBounds,
  ) {
    this.answers = new KeptAnswers(peers, counters);
  }

  /** Requests in work. */
  get size(): number {
    return this.deadlines.size;
  }

  /** Answers that are kept to be sent again. */
  get kept(): { readonly answers: number; readonly bytes: number } {
    return { answers: this.answers.size, bytes: this.answers.byteLength };
  }

  get nextDueMs(): number {
    return Math.min(this.deadlines.nextDueMs, this.answers.nextDueMs, this.seen.nextDueMs);
  }

  started(agent: ExchangeAgent): void {
    this.startedMs = agent.nowMs;
  }

  /** Whether a request that has come may be handled: then `begin` follows. */
  admit(agent: ExchangeAgent, peer: Peer, carrier: Peer | undefined, id: CorrelationId): Admission {
    if (this.isRepeated(agent, peer, id)) {
      this.counters.requestsDuplicate++;
      return 'repeated';
    }
    const reached = this.reachedBound(peer, carrier);
    if (reached === undefined) return 'new';
    this.counters.requestsOverloaded++;
    return { name: reached, value: this.bounds[reached] };
  }

  begin(agent: ExchangeAgent, request: Request, timeoutMs: number): void {
    const { peer, carrier, attempt } = request;
    peer.work.add(request);
    if (!peer.isDirect && carrier !== undefined) {
      carrier.relayedCount++;
      this.peers.keep(peer);
    }
    if (!peer.isDirect || attempt > 1) this.seen.add(keyOf(peer, request), agent.nowMs);
    this.wait(agent, request, timeoutMs);
  }

  /** The time of a request in work begins anew. */
  wait(agent: ExchangeAgent, request: Request, timeoutMs: number): void {
    if (request.isOver) return;
    this.deadlines.remove(request);
    request.dueMs = agent.nowMs + timeoutMs;
    this.deadlines.add(request);
  }

  /** Sends a part of an answer: `ANSWER_HEAD_BYTES` for the kit, then the content. The request stays in work. */
  answer(agent: ExchangeAgent, to: AnswerTarget, part: number, bytes: Uint8Array): SendResult {
    const { peer, carrier } = to;
    if (!peer.isDirect) return this.answers.send(agent, to, part, bytes, carrier?.connectionId);
    writeNumberedHead(bytes, to, ANSWER, 1, part);
    return agent.send(peer.route, bytes);
  }

  /** As `answer`, on the control lane and not kept: for a short answer in place of one that found no room. */
  answerShort(agent: ExchangeAgent, to: AnswerTarget, part: number, bytes: Uint8Array): SendResult {
    writeNumberedHead(bytes, to, ANSWER, 0, part);
    return agent.send(to.peer.route, bytes, { lane: 'control' });
  }

  /** The request leaves work: it was answered. */
  finish(request: Request): void {
    const { peer, carrier } = request;
    request.isOver = true;
    this.deadlines.remove(request);
    peer.work.delete(request);
    if (peer.isDirect || carrier === undefined) return;
    carrier.relayedCount--;
    this.peers.keep(peer);
  }

  /** The request in work that a message of its requester speaks of. A neighbour may have sent it before it was one. */
  find(agent: ExchangeAgent, message: Origin, id: CorrelationId): Request | undefined {
    const peer = this.peers.sender(message, this.peers.neighbour(agent, message.connectionId));
    const found = peer?.work.get(id) ?? (peer?.neighbour && this.peers.claimed(peer.nodeId).work.get(id));
    return found as Request | undefined;
  }

  cancelled(agent: ExchangeAgent, message: Origin, head: MessageHead): void {
    const request = this.find(agent, message, head);
    if (request !== undefined) this.end(agent, request, 'cancelled');
  }

  /** The requester does not know whether its request came. It gets a reply only if that is not in work. */
  asked(agent: ExchangeAgent, message: Origin, head: MessageHead): void {
    if (this.find(agent, message, head) !== undefined) return;
    const peer = this.peers.sender(message, this.peers.neighbour(agent, message.connectionId));
    if (peer === undefined || this.answers.repeat(agent, peer, head)) return;
    const isSeen = this.seen.has(keyOf(peer, head), agent.nowMs);
    const coveredMs = isSeen ? 0 : this.coveredMs(agent.nowMs);
    const bytes = new Uint8Array(ANSWER_HEAD_BYTES);
    writeNumberedHead(bytes, head, UNKNOWN, 0, coveredMs);
    agent.send(peer.route, bytes);
  }

  /** A relay signals the loss of the answer whose head this is. */
  lost(agent: ExchangeAgent, head: MessageHead): void {
    this.answers.lost(agent, head);
  }

  /** The connection has ended: nobody waits for the neighbour's requests. `isOpen`: only for this behaviour, which stops. */
  connectionLost(agent: ExchangeAgent, peer: Peer, isOpen: boolean): void {
    const end = isOpen ? 'stopped' : 'connection-lost';
    for (const request of this.deadlines.values()) if (request.peer === peer) this.end(agent, request, end);
  }

  /** Ends those in work that `isMeant` picks. */
  stop(agent: ExchangeAgent, isMeant: (request: Request) => boolean): void {
    for (const request of this.deadlines.values()) if (isMeant(request)) this.end(agent, request, 'stopped');
  }

  expire(agent: ExchangeAgent, nowMs: number): void {
    for (let due = this.deadlines.takeDue(nowMs); due !== undefined; due = this.deadlines.takeDue(nowMs)) this.end(agent, due, 'timeout');
    this.answers.expire(agent, nowMs);
    this.seen.expire(nowMs);
  }

  /** For how long no id has been forgotten. */
  private coveredMs(nowMs: number): number {
    return Math.max(0, Math.floor(nowMs - Math.max(this.startedMs, this.seen.completeSinceMs)));
  }

  private end(agent: ExchangeAgent, request: Request, end: ServedEnd): void {
    if (request.isOver) return;
    this.finish(request);
    request.onEnd(agent, end);
  }

  private isRepeated({ nowMs }: ExchangeAgent, peer: Peer, id: CorrelationId): boolean {
    return peer.work.get(id) !== undefined || (this.seen.size > 0 && this.seen.has(keyOf(peer, id), nowMs));
  }

  private reachedBound(peer: Peer, carrier: Peer | undefined): keyof ResponderBounds | undefined {
    const { workMax, workPerNodeMax, workPerRelayMax } = this.bounds;
    const isSelf = peer.isDirect && peer.neighbour === undefined;
    if (this.size >= workMax) return 'workMax';
    if (!isSelf && peer.work.size >= workPerNodeMax) return 'workPerNodeMax';
    const isRelayed = !peer.isDirect;
    return isRelayed && (carrier === undefined || carrier.relayedCount >= workPerRelayMax) ? 'workPerRelayMax' : undefined;
  }
}

function keyOf({ nodeId }: Peer, { idHigh, idLow }: CorrelationId): string {
  return `${nodeId}${idHigh}.${idLow}`;
}
