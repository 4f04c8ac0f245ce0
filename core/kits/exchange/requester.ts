/**
 * @module Requester: the exchanges that this node has begun and that wait. Each ends exactly once: by its answer, by its deadline, with the
 * neighbour that it left over, by `leave`, with this side, or as `recovery.ts` finds. What cannot be sent is not begun.
 */
import { type Route, toNode } from '../../api/routes.js';
import type { SendResult } from '../../errors.js';
import { DeadlineHeap } from '../../structures/deadline-heap.js';
import { CorrelationIds } from './correlation-ids.js';
import type { Exchange, ExchangeFailure } from './exchange.js';
import { IdTable } from './id-table.js';
import { CANCEL, HEAD_BYTES, type MessageHead, REQUEST, writeHead } from './messages.js';
import type { Peer, Peers, Target } from './peers.js';
import { type ExchangeAgent, type Origin, streamIdOf } from './port.js';
import { Recovery, type RecoveryHost } from './recovery.js';

export interface RequesterCounters {
  requestsLost: number;
  /** Answers for no exchange that waits: late, doubled, or made up. */
  answersUnknown: number;
  /** Answers with the id of an exchange that came from another node than the one that was asked. */
  answersForeign: number;
}

export class Requester implements RecoveryHost {
  private readonly waiting = new IdTable<Exchange>();
  private readonly deadlines = new DeadlineHeap<Exchange>();
  private readonly ids = new CorrelationIds();
  private readonly recovery: Recovery;

  constructor(
    private readonly peers: Peers,
    readonly counters: RequesterCounters,
    /** Exchanges that may wait; `start` is not called beyond that. */
    private readonly sizeMax: number,
  ) {
    this.recovery = new Recovery(peers, this);
  }

  get size(): number {
    return this.waiting.size;
  }

  get isFull(): boolean {
    return this.waiting.size >= this.sizeMax;
  }

  get nextDueMs(): number {
    return Math.min(this.deadlines.nextDueMs, this.recovery.nextDueMs);
  }

  /** What is kept beside the exchanges that wait. */
  get kept(): Recovery['kept'] {
    return this.recovery.kept;
  }

  /** Sends a request: `HEAD_BYTES` for the kit, then the content. Other than `queued`: it was not sent, and the exchange has not begun. */
  start(agent: ExchangeAgent, exchange: Exchange, timeoutMs: number, bytes: Uint8Array): SendResult {
    const target = this.peers.targetOf(agent, exchange.route, exchange.serviceId);
    if (target === undefined) return 'unreachable';
    exchange.target = target;
    this.assignId(agent, exchange);
    const result = target.isDirect ? this.sendDirect(agent, exchange, bytes) : this.recovery.start(agent, exchange, bytes);
    if (result === 'queued') this.begin(agent, exchange, timeoutMs);
    return result;
  }

  /** As `start`, to all providers of a service: `exchange.isMany`. It is sent once. */
  startMany(agent: ExchangeAgent, exchange: Exchange, timeoutMs: number, bytes: Uint8Array, route: Route): SendResult {
    exchange.target = { route, nodeId: undefined, neighbour: undefined, isDirect: false, connectionId: undefined };
    this.assignId(agent, exchange);
    writeHead(bytes, exchange, REQUEST, 1);
    const result = agent.send(route, bytes);
    if (result === 'queued') this.begin(agent, exchange, timeoutMs);
    return result;
  }

  /** The exchange goes on with the node that has its request, by the path that leads there now. Whether there is one. */
  rebind(agent: ExchangeAgent, exchange: Exchange): boolean {
    const nodeId = exchange.target?.nodeId;
    const target = nodeId && this.peers.targetOf(agent, toNode(nodeId), exchange.serviceId);
    if (target === undefined || !exchange.isWaiting) return false;
    exchange.target = target;
    return true;
  }

  /** The exchange that waits for what a message of its node speaks of. */
  find(message: Origin, head: MessageHead): Exchange | undefined {
    const exchange = this.waiting.get(head);
    return exchange !== undefined && isFrom(exchange.target as Target, message) ? exchange : undefined;
  }

  /** The time of an exchange that waits begins anew. */
  wait(agent: ExchangeAgent, exchange: Exchange, timeoutMs: number): void {
    if (!exchange.isWaiting) return;
    this.deadlines.remove(exchange);
    exchange.dueMs = agent.nowMs + timeoutMs;
    this.deadlines.add(exchange);
  }

  /** Sends something of the user's own kind to where the request went: `HEAD_BYTES` for the kit, then the content. */
  send(agent: ExchangeAgent, exchange: Exchange, kind: number, bytes: Uint8Array): SendResult {
    writeHead(bytes, exchange, kind, 0);
    const { route } = exchange.target as Target;
    return exchange.target?.nodeId === undefined ? agent.send(route, bytes, { streamId: streamIdOf(exchange) }) : agent.send(route, bytes);
  }

  /** Whether an exchange waits for that answer. */
  answered(agent: ExchangeAgent, message: Origin, head: MessageHead): boolean {
    const exchange = this.waiting.get(head);
    if (exchange === undefined) this.counters.answersUnknown++;
    else if (!isFrom(exchange.target as Target, message)) this.counters.answersForeign++;
    else {
      if (exchange.progress !== undefined) this.recovery.delivered(exchange.progress);
      if (exchange.target?.nodeId === undefined && !exchange.isMany) this.bind(agent, exchange, message);
      exchange.onAnswer(agent, head, message);
    }
    return exchange !== undefined;
  }

  /** A node that was asked for a request does not have it. */
  unknown(agent: ExchangeAgent, message: Origin, head: MessageHead): void {
    const exchange = this.waiting.get(head);
    if (exchange !== undefined && isFrom(exchange.target as Target, message)) this.recovery.unknown(agent, exchange, head.number);
  }

  /** A relay signals the loss of the message whose head this is. */
  lost(agent: ExchangeAgent, head: MessageHead): void {
    const exchange = this.waiting.get(head);
    if (exchange !== undefined) this.recovery.lost(agent, exchange, head);
  }

  /** The exchange has all that it waited for. */
  leave(exchange: Exchange): void {
    if (!exchange.isWaiting) return;
    exchange.isWaiting = false;
    this.waiting.delete(exchange);
    this.deadlines.remove(exchange);
    this.recovery.leave(exchange);
  }

  fail(agent: ExchangeAgent, exchange: Exchange, failure: ExchangeFailure): void {
    if (!exchange.isWaiting) return;
    if (exchange.outlives(agent, failure)) return this.recovery.leave(exchange);
    this.leave(exchange);
    exchange.onFailure(agent, failure);
  }

  /** The connection has ended; `isOpen`: only for this behaviour, which stops. */
  connectionLost(agent: ExchangeAgent, peer: Peer, isOpen: boolean): void {
    for (const exchange of this.deadlines.values()) {
      if (exchange.target?.neighbour !== peer || !exchange.isWaiting) continue;
      if (isOpen) this.sendCancel(agent, exchange);
      this.fail(agent, exchange, 'connection-lost');
    }
  }

  expire(agent: ExchangeAgent, nowMs: number): void {
    for (let due = this.deadlines.takeDue(nowMs); due !== undefined; due = this.deadlines.takeDue(nowMs)) {
      this.recovery.timedOut(due, nowMs);
      this.fail(agent, due, 'timeout');
    }
    this.recovery.expire(agent, nowMs);
  }

  stop(agent: ExchangeAgent): void {
    for (const exchange of this.deadlines.values()) {
      if (!exchange.isWaiting) continue;
      this.sendCancel(agent, exchange);
      this.fail(agent, exchange, 'stopped');
    }
  }

  /**
   * Ends the work of the other side. A provider that is not known yet is sent it by its route, and the first hop, which mostly is the provider,
   * by its connection.
   */
  sendCancel(agent: ExchangeAgent, exchange: Exchange): void {
    const bytes = new Uint8Array(HEAD_BYTES);
    this.send(agent, exchange, CANCEL, bytes);
    const { nodeId, neighbour } = exchange.target as Target;
    if (nodeId === undefined && neighbour !== undefined) agent.send(neighbour.route, bytes);
  }

  private begin(agent: ExchangeAgent, exchange: Exchange, timeoutMs: number): void {
    this.waiting.add(exchange);
    exchange.isWaiting = true;
    this.wait(agent, exchange, timeoutMs);
  }

  private sendDirect(agent: ExchangeAgent, exchange: Exchange, bytes: Uint8Array): SendResult {
    writeHead(bytes, exchange, REQUEST, 1);
    return agent.send((exchange.target as Target).route, bytes);
  }

  private assignId(agent: ExchangeAgent, exchange: Exchange): void {
    do this.ids.draw(agent.random);
    while (this.waiting.get(this.ids) !== undefined);
    exchange.idHigh = this.ids.idHigh;
    exchange.idLow = this.ids.idLow;
  }

  /** The provider is known with its first part of the answer: all else goes to it alone. */
  private bind(agent: ExchangeAgent, exchange: Exchange, { source, sourceVerified, connectionId }: Origin): void {
    if (connectionId === undefined) return;
    const claimed: Target = { ...(exchange.target as Target), route: toNode(source), nodeId: source, neighbour: undefined };
    exchange.target = sourceVerified ? this.peers.neighbour(agent, connectionId) : claimed;
  }
}

function isFrom(target: Target, message: Origin): boolean {
  if (target.isDirect && !message.sourceVerified) return false;
  return target.nodeId === undefined || target.nodeId === message.source;
}
