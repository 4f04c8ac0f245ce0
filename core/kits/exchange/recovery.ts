/**
 * @module Recovery of requests that left over relays, where no connection of this node ends with the other side. Three things show before the
 * deadline does that such a request or its answer is lost:
 *
 * - A relay signals that it could not forward the request: then it was not handled, and is sent again, at most `SENDS_MAX` times in all: at
 *   once when there is another next hop, else a little later, when the table will know what the relay knows; a request to a service goes to
 *   the provider that the table names then. It keeps its id, so that a node that has it after all does not handle it twice.
 * - For a while the table knows no path to the node any more: the request may have been handled or not.
 * - For a while the path has been another one than the request took, or nothing came for 2 s, 4 s, 8 s and so on: request or answer may be lost
 *   in a link that died. The node is asked (`ASK`) whether it has the request in work. It replies only if it does not; where it is sure that it
 *   never had it, the request is sent again.
 *
 * A next hop over which a request met its deadline is avoided for a minute, where there is another one: a relay may drop what it should
 * forward. All of it is bounded. Of each message one loss signal counts; its claim is believed, as a relay could drop everything anyway.
 */
import type { NodeId } from '../../address/node-id.js';
import { toNode } from '../../api/routes.js';
import type { SendResult } from '../../errors.js';
import { DeadlineHeap } from '../../structures/deadline-heap.js';
import { AvoidedHops } from './avoided-hops.js';
import { ASK_MS, type Exchange, type ExchangeFailure, Progress } from './exchange.js';
import { EXCHANGE_LIMITS } from './limits.js';
import { ASK, HEAD_BYTES, type MessageHead, REQUEST, writeAttempt, writeHead } from './messages.js';
import type { Peers, Target } from './peers.js';
import { type ExchangeAgent, RESEND_MS, SENDS_MAX, streamIdOf } from './port.js';

/** How often the paths of all exchanges are looked at, and how often in a row one has to be found changed. */
const LOOK_MS = 500;
const LOOKS = 2;
const { keptRequestBytesMax: KEPT_BYTES_MAX } = EXCHANGE_LIMITS;

/** What recovery needs of the table of exchanges. */
export interface RecoveryHost {
  /** Times that a relay signalled that it could not forward a message of a request. */
  readonly counters: { requestsLost: number };
  /** The exchange ends with this. */
  fail(agent: ExchangeAgent, exchange: Exchange, failure: ExchangeFailure): void;
}

export class Recovery {
  private readonly underWay = new Set<Progress>();
  private readonly retries = new DeadlineHeap<Progress>();
  private readonly avoided = new AvoidedHops();
  private keptBytes = 0;
  private lookMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly peers: Peers,
    private readonly host: RecoveryHost,
  ) {}

  /** What is kept, for those who look for what is left over. */
  get kept(): { readonly requests: number; readonly retries: number; readonly bytes: number } {
    return { requests: this.underWay.size, retries: this.retries.size, bytes: this.keptBytes };
  }

  get nextDueMs(): number {
    return Math.min(this.lookMs, this.retries.nextDueMs);
  }

  /** Sends the request of an exchange that has its target and its id. */
  start(agent: ExchangeAgent, exchange: Exchange, bytes: Uint8Array): SendResult {
    const progress = new Progress(exchange, bytes, agent.nowMs);
    const result = this.transmit(agent, progress, bytes, this.avoidedHop(agent, exchange.target as Target));
    if (result !== 'queued') return result;
    const isKept = this.keptBytes + bytes.length <= KEPT_BYTES_MAX;
    progress.bytes = isKept ? bytes.slice() : undefined;
    if (isKept) this.keptBytes += bytes.length;
    exchange.progress = progress;
    this.underWay.add(progress);
    if (this.lookMs === Number.POSITIVE_INFINITY) this.lookMs = agent.nowMs + LOOK_MS;
    return result;
  }

  /** Something of the answer has come: the node has the request. */
  delivered(progress: Progress): void {
    progress.isDelivered = true;
    this.retries.remove(progress);
    this.forgetBytes(progress);
  }

  /** The exchange is over, or goes on with a neighbour. */
  leave(exchange: Exchange): void {
    const { progress } = exchange;
    if (progress === undefined) return;
    exchange.progress = undefined;
    this.underWay.delete(progress);
    this.retries.remove(progress);
    this.forgetBytes(progress);
  }

  /** The deadline has passed, and nothing came. */
  timedOut({ target, progress }: Exchange, nowMs: number): void {
    if (progress === undefined || progress.isDelivered || progress.connectionId === undefined || target?.nodeId === undefined) return;
    this.avoided.add(target.nodeId, progress.connectionId, nowMs);
  }

  /** A relay signals the loss of a message of this exchange. */
  lost(agent: ExchangeAgent, exchange: Exchange, { attempt }: MessageHead): void {
    const { progress } = exchange;
    if (progress === undefined || progress.attempt !== attempt || progress.isReported) return;
    if (progress.isDelivered && !progress.isAsked) return;
    progress.isReported = true;
    this.host.counters.requestsLost++;
    if (progress.isAsked) this.askLost(agent, progress);
    else if (progress.bytes === undefined || progress.sentCount >= SENDS_MAX) this.host.fail(agent, exchange, 'undelivered');
    else this.retry(agent, progress);
  }

  /** The node does not have the request, and has not had it for so long: if that is since it was sent first, it is sent again. */
  unknown(agent: ExchangeAgent, exchange: Exchange, coveredMs: number): void {
    const { progress, target, serviceId } = exchange;
    if (progress?.isAsked !== true) return;
    const isNew = progress.bytes !== undefined && coveredMs > agent.nowMs - progress.firstMs;
    if (!isNew || progress.sentCount >= SENDS_MAX) return this.host.fail(agent, exchange, 'forgotten');
    progress.isAsked = false;
    // To this node alone: of another one the same id would not keep a copy that is still under way from being handled as well.
    this.sendTo(agent, progress, this.peers.targetOf(agent, toNode(target?.nodeId as NodeId), serviceId), undefined);
  }

  expire(agent: ExchangeAgent, nowMs: number): void {
    for (let due = this.retries.takeDue(nowMs); due !== undefined; due = this.retries.takeDue(nowMs)) this.sendAgain(agent, due);
    if (nowMs < this.lookMs) return;
    for (const progress of [...this.underWay]) this.look(agent, progress);
    this.lookMs = this.underWay.size > 0 ? nowMs + LOOK_MS : Number.POSITIVE_INFINITY;
  }

  private retry(agent: ExchangeAgent, progress: Progress): void {
    const { route, target } = progress.exchange;
    const nodeId = route.type === 'service' ? undefined : target?.nodeId;
    const hasOther = nodeId !== undefined && this.peers.nextHopTo(nodeId, progress.connectionId) !== undefined;
    if (hasOther && progress.sentCount === 1) return this.sendAgain(agent, progress);
    progress.dueMs = agent.nowMs + (RESEND_MS[progress.sentCount - 1] as number);
    this.retries.add(progress);
  }

  /** The table may name another provider by now, or this node, or none. */
  private sendAgain(agent: ExchangeAgent, progress: Progress): void {
    const { exchange } = progress;
    const target = this.peers.targetOf(agent, exchange.route, exchange.serviceId);
    this.sendTo(agent, progress, target, target?.nodeId === exchange.target?.nodeId ? progress.connectionId : undefined);
  }

  /** `avoid`: a connection that it should not leave over, if there is another one. */
  private sendTo(agent: ExchangeAgent, progress: Progress, target: Target | undefined, avoid: number | undefined): void {
    const { exchange, bytes } = progress;
    if (target === undefined) return this.host.fail(agent, exchange, 'no-route');
    exchange.target = target;
    const result = target.isDirect
      ? this.sendDirect(agent, progress, target, bytes as Uint8Array)
      : this.transmit(agent, progress, bytes as Uint8Array, this.avoidable(target, avoid));
    if (result !== 'queued') this.host.fail(agent, exchange, 'undelivered');
  }

  /** The node has become a neighbour: from now on its connection shows its end. */
  private sendDirect(agent: ExchangeAgent, progress: Progress, { route }: Target, bytes: Uint8Array): SendResult {
    writeAttempt(bytes, progress.nextAttempt());
    this.leave(progress.exchange);
    return agent.send(route, bytes);
  }

  private transmit(agent: ExchangeAgent, progress: Progress, bytes: Uint8Array, except: number | undefined): SendResult {
    const { exchange } = progress;
    const { nodeId, connectionId, route } = exchange.target as Target;
    progress.usualId = connectionId;
    progress.connectionId = nodeId === undefined || except === undefined ? connectionId : this.peers.nextHopTo(nodeId, except);
    progress.sentCount++;
    // Past the usual next hop it may come to its node as from a neighbour, which remembers only what is not sent first.
    if (except !== undefined && progress.attempt === 0) progress.nextAttempt();
    if (progress.attempt === 0 || progress.sentCount === 1) writeHead(bytes, exchange, REQUEST, progress.nextAttempt());
    else writeAttempt(bytes, progress.nextAttempt());
    return agent.send(route, bytes, { streamId: streamIdOf(exchange), ...(except !== undefined && { except }) });
  }

  private look(agent: ExchangeAgent, progress: Progress): void {
    const nodeId = progress.exchange.target?.nodeId;
    if (nodeId === undefined || progress.heapIndex >= 0) return;
    const hopId = this.peers.nextHopTo(nodeId);
    const isAsEver = hopId !== undefined && hopId === progress.usualId && this.peers.isOpen(progress.connectionId as number);
    progress.strayCount = isAsEver ? 0 : progress.strayCount + 1;
    const isGone = progress.strayCount >= LOOKS;
    if (hopId === undefined && isGone) this.host.fail(agent, progress.exchange, 'path-lost');
    else if (hopId !== undefined && (isGone || agent.nowMs >= progress.askMs)) this.ask(agent, progress, hopId);
  }

  /** The path is perhaps just being repaired: the node is asked once more with the next look. */
  private askLost(agent: ExchangeAgent, progress: Progress): void {
    progress.askMs = agent.nowMs;
    if (++progress.askLostCount >= SENDS_MAX) this.host.fail(agent, progress.exchange, 'path-lost');
  }

  private ask(agent: ExchangeAgent, progress: Progress, hopId: number): void {
    const { exchange } = progress;
    Object.assign(progress, { usualId: hopId, connectionId: hopId, isAsked: true });
    progress.askMs = agent.nowMs + Math.max(ASK_MS, agent.nowMs - progress.firstMs);
    const bytes = new Uint8Array(HEAD_BYTES);
    writeHead(bytes, exchange, ASK, progress.nextAttempt());
    const result = agent.send((exchange.target as Target).route, bytes, { streamId: streamIdOf(exchange) });
    if (result === 'unreachable') this.host.fail(agent, exchange, 'path-lost');
  }

  private avoidedHop(agent: ExchangeAgent, target: Target): number | undefined {
    const { nodeId, connectionId } = target;
    if (nodeId === undefined || connectionId === undefined || !this.avoided.has(nodeId, connectionId, agent.nowMs)) return undefined;
    return this.avoidable(target, connectionId);
  }

  private avoidable({ nodeId }: Target, connectionId: number | undefined): number | undefined {
    if (nodeId === undefined || connectionId === undefined) return undefined;
    return this.peers.nextHopTo(nodeId, connectionId) === undefined ? undefined : connectionId;
  }

  private forgetBytes(progress: Progress): void {
    this.keptBytes -= progress.bytes?.length ?? 0;
    progress.bytes = undefined;
  }
}
