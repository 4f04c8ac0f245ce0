/**
 * @module RelayedCalls: own calls whose request left over relays, where no connection of this node ends with the other side. Three things
 * tell of such an end before the deadline does:
 *
 * - A relay says that it could not hand the request on: then it was not done. It goes again, at most `SENDS_MAX` times in all: at once when
 *   there is another way, else a little later, when the table will have heard of what the relay knows; a call to a service goes to the
 *   provider that the table names then. It keeps its id, so that a node that has it after all does not do it twice.
 * - For a while the table knows no way to the node any more: the work may have been done or not.
 * - For a while the way has been another one than the request took, or nothing was heard for 2 s, 4 s, 8 s and so on: request or answer may
 *   be lost in a link that died. The node is asked (`ASK`) whether it has the call in work. It answers only if it does not; where it is sure
 *   that it never had it, the request goes again.
 *
 * A way on which a call met its deadline is left out for a minute, where there is another one: a relay may drop what it shall hand on. All
 * of it is bounded; what a relay says is believed, as it could drop everything anyway.
 */
import {
  type BehaviorAgent,
  type CallRequest,
  type Lost,
  type NodeId,
  PENDING_FULL,
  PendingTable,
  type SendResult,
  toNode,
} from '../../core/index.js';
import type { RpcHost } from './host.js';
import { ASK } from './messages.js';
import { RESEND_MS, SENDS_MAX } from './options.js';
import type { Failure, Outgoing } from './outgoing-call.js';
import type { Target } from './parties.js';
import { ASK_MS, RelayedRequest } from './relayed-request.js';
import { ShunnedWays } from './shunned-ways.js';

/** How often the ways of all calls are looked at, and how often in a row one has to be found changed. */
const LOOK_MS = 500;
const LOOKS = 2;
/** Requests that are kept to be sent again, in bytes; beyond that they go once. */
const KEPT_BYTES_MAX = 16_777_216;

const UNDELIVERED: Failure = { type: 'error', code: 'RPC_UNREACHABLE', text: 'the request could not be handed on' };
const NO_WAY: Failure = { type: 'error', code: 'RPC_UNREACHABLE', text: 'no route leads to the destination' };
const WAY_LOST: Failure = { type: 'error', code: 'RPC_PEER_GONE', text: 'no way leads to the node any more' };
const NOT_THERE: Failure = { type: 'error', code: 'RPC_PEER_GONE', text: 'the node does not have the call in work any more' };

/** What the table of calls does for this one. */
export interface CallTable {
  /** The call ends with this. */
  fail(call: Outgoing, failure: Failure): void;
  /** The call waits for somebody else; its deadline stays. */
  move(call: Outgoing, target: Target): void;
}

export class RelayedCalls {
  private readonly byStream = new Map<number, RelayedRequest>();
  private readonly retries = new PendingTable<RelayedRequest>(Number.POSITIVE_INFINITY);
  private readonly shunned = new ShunnedWays();
  private keptBytes = 0;
  private lookMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly host: RpcHost,
    private readonly calls: CallTable,
  ) {}

  get nextDueMs(): number {
    return Math.min(this.lookMs, this.retries.nextDueMs);
  }

  /** Sends the request of a call that has its target and its id. */
  send(agent: BehaviorAgent, call: Outgoing, request: CallRequest, bytes: Uint8Array): SendResult {
    const isKept = this.keptBytes + bytes.length <= KEPT_BYTES_MAX;
    const sent = new RelayedRequest(call, request, bytes, this.freshStreamId(call.id), agent.nowMs);
    const result = this.transmit(agent, sent, this.shunnedOf(agent, call.target as Target));
    if (result !== 'queued') return result;
    if (isKept) this.keptBytes += bytes.length;
    else sent.bytes = undefined;
    call.relayed = sent;
    this.byStream.set(sent.streamId, sent);
    if (this.lookMs === Number.POSITIVE_INFINITY) this.lookMs = agent.nowMs + LOOK_MS;
    this.host.wakeAt(agent, this.nextDueMs);
    return result;
  }

  /** The node has said something: it has the request. */
  delivered({ relayed }: Outgoing): void {
    if (relayed === undefined) return;
    relayed.isDelivered = true;
    this.forgetBytes(relayed);
  }

  /** The call waits no longer. */
  leave(call: Outgoing): void {
    const { relayed } = call;
    if (relayed === undefined) return;
    call.relayed = undefined;
    this.byStream.delete(relayed.streamId);
    this.retries.take(relayed.retryId);
    this.forgetBytes(relayed);
  }

  /** The call's deadline has passed, and nothing came. */
  timedOut({ target, relayed }: Outgoing, nowMs: number): void {
    if (relayed === undefined || relayed.isDelivered || relayed.connectionId === undefined || target?.nodeId === undefined) return;
    this.shunned.add(target.nodeId, relayed.connectionId, nowMs);
  }

  /** A relay reports a message of this node as lost. Whether it was a request. Repeated signals of one message count once. */
  lost(agent: BehaviorAgent, { streamId }: Lost): boolean {
    const sent = this.byStream.get(streamId);
    if (sent === undefined) return false;
    if (sent.retryId !== PENDING_FULL || (sent.isAsked ? sent.askMs <= agent.nowMs : sent.isDelivered)) return true;
    this.host.counters.requestsLost++;
    if (sent.isAsked) this.askLost(agent, sent);
    else if (sent.bytes === undefined || sent.sentCount >= SENDS_MAX) this.calls.fail(sent.call, UNDELIVERED);
    else this.retry(agent, sent);
    return true;
  }

  /** The node says that it does not have the call, and has not had it for so long: if that is since it was sent first, it goes again. */
  unknown(agent: BehaviorAgent, call: Outgoing, coveredMs: number): void {
    const sent = call.relayed;
    if (sent === undefined || !sent.isAsked) return;
    const isNew = sent.bytes !== undefined && coveredMs > agent.nowMs - sent.firstMs;
    if (!isNew || sent.sentCount >= SENDS_MAX) return this.calls.fail(call, NOT_THERE);
    sent.isAsked = false;
    // To this node alone: of another one the same id would not keep a copy that is still under way from being done as well.
    this.againTo(agent, sent, this.host.parties.targetOf(agent, toNode(call.target?.nodeId as NodeId), sent.request.serviceId), undefined);
  }

  expire(agent: BehaviorAgent, nowMs: number): void {
    for (let due = this.retries.takeDue(nowMs); due !== undefined; due = this.retries.takeDue(nowMs)) {
      due.value.retryId = PENDING_FULL;
      this.again(agent, due.value);
    }
    if (nowMs < this.lookMs) return;
    for (const sent of [...this.byStream.values()]) this.look(agent, sent);
    this.lookMs = this.byStream.size > 0 ? nowMs + LOOK_MS : Number.POSITIVE_INFINITY;
  }

  private retry(agent: BehaviorAgent, sent: RelayedRequest): void {
    const nodeId = sent.request.route.type === 'service' ? undefined : sent.call.target?.nodeId;
    const hasOther = nodeId !== undefined && this.host.parties.wayTo(nodeId, sent.connectionId) !== undefined;
    if (hasOther && sent.sentCount === 1) return this.again(agent, sent);
    sent.retryId = this.retries.add(sent, agent.nowMs + (RESEND_MS[sent.sentCount - 1] as number));
    this.host.wakeAt(agent, this.nextDueMs);
  }

  /** The table may name another provider by now, or this node, or nobody. */
  private again(agent: BehaviorAgent, sent: RelayedRequest): void {
    const { route, serviceId } = sent.request;
    const target = route.type === 'services' ? undefined : this.host.parties.targetOf(agent, route, serviceId);
    this.againTo(agent, sent, target, target?.nodeId === sent.call.target?.nodeId ? sent.connectionId : undefined);
  }

  /** `avoided`: a connection that it shall not leave over, if there is another way. */
  private againTo(agent: BehaviorAgent, sent: RelayedRequest, target: Target | undefined, avoided: number | undefined): void {
    const { call } = sent;
    if (target === undefined) return this.calls.fail(call, NO_WAY);
    this.byStream.delete(sent.streamId);
    sent.streamId = this.freshStreamId(sent.streamId + 1);
    this.calls.move(call, target);
    if (target.isDirect) return this.goDirect(agent, sent, target);
    this.byStream.set(sent.streamId, sent);
    const result = this.transmit(agent, sent, this.avoidable(target, avoided));
    if (result !== 'queued') this.calls.fail(call, UNDELIVERED);
  }

  private avoidable({ nodeId }: Target, connectionId: number | undefined): number | undefined {
    if (nodeId === undefined || connectionId === undefined) return undefined;
    return this.host.parties.wayTo(nodeId, connectionId) === undefined ? undefined : connectionId;
  }

  /** The node has become a neighbour: from now on the connection tells. */
  private goDirect(agent: BehaviorAgent, sent: RelayedRequest, { route }: Target): void {
    const { bytes, call } = sent;
    this.leave(call);
    if (agent.send(route, bytes) !== 'queued') this.calls.fail(call, UNDELIVERED);
  }

  private transmit(agent: BehaviorAgent, sent: RelayedRequest, except: number | undefined): SendResult {
    const target = sent.call.target as Target;
    const { nodeId } = target;
    sent.usualId = target.connectionId;
    sent.connectionId = nodeId === undefined || except === undefined ? target.connectionId : this.host.parties.wayTo(nodeId, except);
    sent.sentCount++;
    sent.strayCount = 0;
    return agent.send(target.route, sent.bytes, { streamId: sent.streamId, ...(except !== undefined && { except }) });
  }

  private look(agent: BehaviorAgent, sent: RelayedRequest): void {
    const { parties } = this.host;
    const nodeId = sent.call.target?.nodeId;
    if (nodeId === undefined || sent.retryId !== PENDING_FULL) return;
    const wayId = parties.wayTo(nodeId);
    const isAsEver = wayId !== undefined && wayId === sent.usualId && parties.isOpen(sent.connectionId as number);
    sent.strayCount = isAsEver ? 0 : sent.strayCount + 1;
    const isGone = sent.strayCount >= LOOKS;
    if (wayId === undefined && isGone) this.calls.fail(sent.call, WAY_LOST);
    else if (wayId !== undefined && (isGone || agent.nowMs >= sent.askMs)) this.ask(agent, sent, wayId);
  }

  /** A way that is just being mended: once more with the next look. */
  private askLost(agent: BehaviorAgent, sent: RelayedRequest): void {
    sent.askMs = agent.nowMs;
    if (++sent.askLostCount >= SENDS_MAX) this.calls.fail(sent.call, WAY_LOST);
  }

  private ask(agent: BehaviorAgent, sent: RelayedRequest, wayId: number): void {
    const { call } = sent;
    this.byStream.delete(sent.streamId);
    sent.streamId = this.freshStreamId(sent.streamId + 1);
    this.byStream.set(sent.streamId, sent);
    Object.assign(sent, { usualId: wayId, connectionId: wayId, strayCount: 0, isAsked: true });
    sent.askMs = agent.nowMs + Math.max(ASK_MS, agent.nowMs - sent.firstMs);
    const result = agent.send((call.target as Target).route, [ASK, call.id], { streamId: sent.streamId });
    if (result === 'unreachable') this.calls.fail(call, WAY_LOST);
  }

  private shunnedOf(agent: BehaviorAgent, target: Target): number | undefined {
    const { nodeId, connectionId } = target;
    if (nodeId === undefined || connectionId === undefined || !this.shunned.has(nodeId, connectionId, agent.nowMs)) return undefined;
    return this.avoidable(target, connectionId);
  }

  private forgetBytes(sent: RelayedRequest): void {
    this.keptBytes -= sent.bytes?.length ?? 0;
    sent.bytes = undefined;
  }

  /** 31 bits, not 0, that no other request of now has; those of answers have the 32nd. */
  private freshStreamId(wish: number): number {
    let streamId = wish % 2 ** 31;
    while (streamId === 0 || this.byStream.has(streamId)) streamId = (streamId + 1) % 2 ** 31;
    return streamId;
  }
}
