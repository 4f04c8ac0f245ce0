/**
 * @module Responder: the requests of other nodes in work here. Each is in work from its arrival until it is answered, cancelled or too late,
 * the neighbour that sent it is lost, or this side ends; then nothing of it is kept but, for a while, the answer that left over relays.
 * Bounded for each requesting node, for each relay, and in all.
 *
 * At most once: an id that is in work is not handed on again. A relay might repeat a message also later, and a requester sends a request
 * again that a relay reports as lost, so that ids of relayed requests, and of those that a neighbour has sent over relays before, are
 * remembered for half a minute. A neighbour's channel repeats nothing.
 */
import type { NodeId } from '../../address/node-id.js';
import type { SendResult } from '../../errors.js';
import { DeadlineHeap } from '../../structures/deadline-heap.js';
import { SeenSet } from '../../structures/seen-set.js';
import { type AnswerCounters, KeptAnswers } from './kept-answers.js';
import {
  ANSWER,
  ANSWER_HEAD_BYTES,
  CANCEL,
  type CorrelationId,
  HEAD_BYTES,
  type MessageHead,
  UNKNOWN,
  writeHead,
  writeNumberedHead,
} from './messages.js';
import type { Peer, Peers } from './peers.js';
import type { ExchangeAgent, Origin } from './port.js';
import { RequesterWatch } from './requester-watch.js';
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
  /** Those whose requester may come back over another connection, by requester and id, with the instance that began them. */
  private readonly detached = new Map<string, { readonly request: Request; readonly instance: string | undefined }>();
  private readonly watched: RequesterWatch<Request>;

  constructor(
    private readonly peers: Peers,
    private readonly counters: ResponderCounters,
    private readonly bounds: ResponderBounds,
  ) {
    this.answers = new KeptAnswers(peers, counters);
    this.watched = new RequesterWatch(peers, (agent, request) => this.detach(agent, request, undefined));
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
    return Math.min(this.deadlines.nextDueMs, this.answers.nextDueMs, this.seen.nextDueMs, this.watched.nextDueMs);
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
    const { peer, attempt } = request;
    this.enter(request);
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

  /** The request leaves work: it was answered. Idempotent. */
  finish(request: Request): void {
    if (request.isOver) return;
    request.isOver = true;
    this.deadlines.remove(request);
    this.watched.delete(request);
    if (this.detached.size > 0) this.detached.delete(keyOf(request.peer, request));
    this.leave(request);
  }

  /** It lasts: where its requester is behind relays, whose end no connection shows, the path there is watched. */
  watch(agent: ExchangeAgent, request: Request): void {
    if (!request.peer.isDirect) this.watched.add(agent, request);
  }

  /** Sends a message without content about an exchange to where a message has come from. */
  reply(agent: ExchangeAgent, message: Origin, id: CorrelationId, kind: number): void {
    const peer = this.peers.sender(message, this.peers.neighbour(agent, message.connectionId));
    const bytes = new Uint8Array(HEAD_BYTES);
    writeHead(bytes, id, kind, 0);
    if (peer !== undefined) agent.send(peer.route, bytes);
  }

  /** Whoever has sent it need not answer. */
  reject(agent: ExchangeAgent, message: Origin, id: CorrelationId): void {
    this.reply(agent, message, id, CANCEL);
  }

  /** The request in work that a message of its requester speaks of. A neighbour may have sent it before it was one. */
  find(agent: ExchangeAgent, message: Origin, id: CorrelationId): Request | undefined {
    const peer = this.peers.sender(message, this.peers.neighbour(agent, message.connectionId));
    const found = peer?.work.get(id) ?? (peer?.neighbour && this.peers.claimed(peer.nodeId).work.get(id));
    return found as Request | undefined;
  }

  /** A requester asks for a request of its own to go on, perhaps over another connection: that request, if it is there still. */
  resumed(agent: ExchangeAgent, message: Origin, id: CorrelationId): Request | undefined {
    const found = this.find(agent, message, id);
    if (found !== undefined) return found;
    const carrier = this.peers.neighbour(agent, message.connectionId);
    const peer = this.peers.sender(message, carrier);
    const kept = peer && this.detached.get(keyOf(peer, id))?.request;
    if (peer === undefined || kept === undefined) return undefined;
    this.detached.delete(keyOf(peer, id));
    this.leave(kept);
    kept.peer = peer;
    kept.carrier = carrier;
    this.enter(kept);
    this.watch(agent, kept);
    return kept;
  }

  /** A connection to the node has opened: what an earlier instance of it has left, nobody will ask for. */
  connected(agent: ExchangeAgent, nodeId: NodeId, instance: string): void {
    for (const { request, instance: before } of [...this.detached.values()])
      if (request.peer.nodeId === nodeId && before !== instance) this.end(agent, request, 'connection-lost');
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
    for (const request of this.deadlines.values()) {
      if (request.peer !== peer || request.isOver) continue;
      if (isOpen) this.end(agent, request, 'stopped');
      else this.detach(agent, request, peer.instance);
    }
  }

  /** Ends those in work that `isMeant` picks. */
  stop(agent: ExchangeAgent, isMeant: (request: Request) => boolean): void {
    for (const request of this.deadlines.values()) if (isMeant(request)) this.end(agent, request, 'stopped');
  }

  expire(agent: ExchangeAgent, nowMs: number): void {
    for (let due = this.deadlines.takeDue(nowMs); due !== undefined; due = this.deadlines.takeDue(nowMs)) this.end(agent, due, 'timeout');
    this.answers.expire(agent, nowMs);
    this.seen.expire(nowMs);
    this.watched.expire(agent);
  }

  /** For how long no id has been forgotten. */
  private coveredMs(nowMs: number): number {
    return Math.max(0, Math.floor(nowMs - Math.max(this.startedMs, this.seen.completeSinceMs)));
  }

  /** No connection leads to the requester of one in work any more. */
  private detach(agent: ExchangeAgent, request: Request, instance: string | undefined): void {
    const keptMs = request.onDetached();
    if (keptMs === 0) return this.end(agent, request, 'connection-lost');
    this.watched.delete(request);
    this.detached.set(keyOf(request.peer, request), { request, instance });
    this.wait(agent, request, keptMs);
  }

  private enter(request: Request): void {
    const { peer, carrier } = request;
    peer.work.add(request);
    if (peer.isDirect || carrier === undefined) return;
    carrier.relayedCount++;
    this.peers.keep(peer);
  }

  private leave(request: Request): void {
    const { peer, carrier } = request;
    peer.work.delete(request);
    if (peer.isDirect || carrier === undefined) return;
    carrier.relayedCount--;
    this.peers.keep(peer);
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
