/**
 * @module Carriers: the carriers of all nodes with which there are streams: one for each neighbour's connection, made with its first stream, one
 * for this node itself, and the sessions with nodes behind relays, by their numbers.
 */
import { type BehaviorAgent, NetworkError, type NodeId, toConnection, toLocal } from '../../core/index.js';
import type { Carrier } from './carrier.js';
import { LinkCarrier } from './link-carrier.js';
import { Session, type SessionHost } from './session.js';

const NUMBER_BYTES = 6;
/** The share of sessions that one neighbour may bring. */
const SHARE_OF_NEIGHBOUR = 1 / 4;

export class Carriers {
  private readonly links = new Map<number, LinkCarrier>();
  private readonly sessions = new Map<number, Session>();
  private local: LinkCarrier | undefined;

  constructor(
    private readonly host: SessionHost,
    private readonly sessionsMax: number,
  ) {}

  get sessionCount(): number {
    return this.sessions.size;
  }

  *all(): Generator<Carrier> {
    if (this.local !== undefined) yield this.local;
    yield* this.links.values();
    yield* this.sessions.values();
  }

  ofSessions(): Iterable<Session> {
    return this.sessions.values();
  }

  ofSelf(self: NodeId): LinkCarrier {
    this.local ??= new LinkCarrier(this.host, self, toLocal());
    return this.local;
  }

  /** The carrier of a connection; `undefined` where it is not open. */
  ofConnection(agent: BehaviorAgent, connectionId: number): LinkCarrier | undefined {
    const known = this.links.get(connectionId);
    if (known !== undefined) return known;
    const connection = agent.connections().find(({ id }) => id === connectionId);
    return connection && this.ofNeighbour(connection.id, connection.nodeId);
  }

  ofNeighbour(connectionId: number, nodeId: NodeId): LinkCarrier {
    const known = this.links.get(connectionId);
    if (known !== undefined) return known;
    const carrier = new LinkCarrier(this.host, nodeId, toConnection(connectionId));
    this.links.set(connectionId, carrier);
    return carrier;
  }

  takeLink(connectionId: number): LinkCarrier | undefined {
    const carrier = this.links.get(connectionId);
    this.links.delete(connectionId);
    return carrier;
  }

  link(connectionId: number): LinkCarrier | undefined {
    return this.links.get(connectionId);
  }

  session(number: number): Session | undefined {
    return this.sessions.get(number);
  }

  /** A session with the node in which a stream may be opened; `undefined` when there are too many. */
  sessionWith(agent: BehaviorAgent, nodeId: NodeId): Session | undefined {
    for (const session of this.sessions.values()) if (session.nodeId === nodeId && session.isUsable(agent.nowMs)) return session;
    if (this.sessions.size >= this.sessionsMax) return undefined;
    let number = 0;
    do number = numberOf(agent.random.bytes(NUMBER_BYTES));
    while (this.sessions.has(number));
    return this.add(new Session(this.host, nodeId, number, false, agent.nowMs));
  }

  /** A remote begins a session, over a neighbour; `undefined` when there are too many. */
  begun(agent: BehaviorAgent, number: number, nodeId: NodeId, connectionId: number): Session | undefined {
    let ofNeighbour = 0;
    for (const session of this.sessions.values()) if (session.broughtBy === connectionId) ofNeighbour++;
    if (this.sessions.size >= this.sessionsMax || ofNeighbour >= Math.ceil(this.sessionsMax * SHARE_OF_NEIGHBOUR)) return undefined;
    return this.add(new Session(this.host, nodeId, number, true, agent.nowMs, connectionId));
  }

  forget(session: Session): void {
    session.fail(new NetworkError('STREAM_LOST', 'the session is over'));
    this.sessions.delete(session.id);
  }

  private add(session: Session): Session {
    this.sessions.set(session.id, session);
    return session;
  }
}

function numberOf(bytes: Uint8Array): number {
  return bytes.reduce((number, byte) => number * 2 ** 8 + byte, 0);
}
