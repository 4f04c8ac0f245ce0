/**
 * @module Exchanges: both sides of the kit for one behaviour, which passes its hooks on to it: what has come goes to the requester or the
 * responder, and both are woken in time. Whatever the behaviour begins by itself with one of them ends with `wake`.
 */
import type { NodeId } from '../../address/node-id.js';
import type { BehaviorAgent } from '../../api/agent.js';
import type { Lost } from '../../api/events.js';
import { WakeTimer } from '../../structures/wake-timer.js';
import type { Message } from '../../wire/message.js';
import { ANSWER, ASK, CANCEL, MessageHead, REQUEST, UNKNOWN } from './messages.js';
import { type Neighbour, type Peer, Peers } from './peers.js';
import type { ExchangeRoutes } from './port.js';
import { Requester, type RequesterCounters } from './requester.js';
import { type AnswerTarget, type ReachedBound, Responder, type ResponderBounds, type ResponderCounters } from './responder.js';
import type { ServedRequest } from './served-request.js';

/** What `Exchanges` is made of. */
export interface ExchangeOptions {
  readonly self: NodeId;
  readonly routes: ExchangeRoutes;
  readonly counters: ExchangeCounters;
  readonly bounds: ResponderBounds;
  /** Own exchanges that may wait. */
  readonly exchangesMax: number;
}

/** What the kit counts; the owner gives it the object. */
export interface ExchangeCounters extends RequesterCounters, ResponderCounters {
  /** Payloads that are no messages. */
  malformed: number;
}

/** What the behaviour does with what the kit leaves to it. */
export interface ExchangeUser {
  /** A request has come that may be handled: `responder.begin` follows, unless its content has no form. */
  onRequest(agent: BehaviorAgent, head: MessageHead, peer: Peer, carrier: Peer | undefined): void;
  /** A bound is reached: the request is not handled, and deserves an answer that says so. */
  onOverload(agent: BehaviorAgent, to: AnswerTarget, reached: ReachedBound): void;
  /** A message of a kind of the behaviour's own. */
  onOwnKind(agent: BehaviorAgent, message: Message, head: MessageHead): void;
  /** A part of an answer that nobody here waits for. */
  onStray?(agent: BehaviorAgent, message: Message, head: MessageHead): void;
}

export class Exchanges<Request extends ServedRequest> {
  readonly requester: Requester;
  readonly responder: Responder<Request>;
  private readonly counters: ExchangeCounters;
  private readonly peers: Peers;
  private readonly head = new MessageHead();
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.expire(agent));

  constructor({ self, routes, counters, bounds, exchangesMax }: ExchangeOptions) {
    this.counters = counters;
    this.peers = new Peers(self, routes);
    this.requester = new Requester(this.peers, counters, exchangesMax);
    this.responder = new Responder(this.peers, counters, bounds);
  }

  onStarted(agent: BehaviorAgent): void {
    this.responder.started(agent);
  }

  onConnected(agent: BehaviorAgent, connection: Neighbour): void {
    this.peers.connected(connection);
    this.responder.connected(agent, connection.nodeId, connection.instance);
  }

  onMessage(agent: BehaviorAgent, message: Message, user: ExchangeUser): void {
    if (this.head.read(message.bytes, message.bodyOffset, message.end)) this.dispatch(agent, message, user);
    else this.counters.malformed++;
    this.wake(agent);
  }

  onMessageLost(agent: BehaviorAgent, { payloadStart }: Pick<Lost, 'payloadStart'>): void {
    if (!this.head.read(payloadStart)) return;
    if (this.head.kind === ANSWER) this.responder.lost(agent, this.head);
    else this.requester.lost(agent, this.head);
    this.wake(agent);
  }

  /** The connection has ended, or the behaviour is about to: then it is still open, and the remote is sent the end of its requests. */
  onDisconnected(agent: BehaviorAgent, connectionId: number): void {
    const peer = this.peers.disconnected(connectionId);
    if (peer === undefined) return;
    const isOpen = agent.connections().some(({ id }) => id === connectionId);
    this.responder.connectionLost(agent, peer, isOpen);
    this.requester.connectionLost(agent, peer, isOpen);
    this.wake(agent);
  }

  onStopped(agent: BehaviorAgent): void {
    this.responder.stop(agent, () => true);
    this.requester.stop(agent);
  }

  /** A deadline may have come closer. */
  wake(agent: BehaviorAgent): void {
    this.timer.at(agent, Math.min(this.responder.nextDueMs, this.requester.nextDueMs));
  }

  private dispatch(agent: BehaviorAgent, message: Message, user: ExchangeUser): void {
    const { head, requester, responder } = this;
    switch (head.kind) {
      case REQUEST:
        return this.arrived(agent, message, user);
      case ANSWER:
        if (!requester.answered(agent, message, head)) user.onStray?.(agent, message, head);
        return;
      case ASK:
        return responder.asked(agent, message, head);
      case UNKNOWN:
        return requester.unknown(agent, message, head);
      case CANCEL:
        return responder.cancelled(agent, message, head);
      default:
        return user.onOwnKind(agent, message, head);
    }
  }

  private arrived(agent: BehaviorAgent, message: Message, user: ExchangeUser): void {
    const { head } = this;
    const carrier = this.peers.neighbour(agent, message.connectionId);
    const peer = this.peers.sender(message, carrier);
    if (peer === undefined) return;
    const admission = this.responder.admit(agent, peer, carrier, head);
    if (admission === 'repeated') return;
    if (admission === 'new') user.onRequest(agent, head, peer, carrier);
    else user.onOverload(agent, { peer, carrier, idHigh: head.idHigh, idLow: head.idLow }, admission);
  }

  private expire(agent: BehaviorAgent): void {
    this.responder.expire(agent, agent.nowMs);
    this.requester.expire(agent, agent.nowMs);
    this.wake(agent);
  }
}
