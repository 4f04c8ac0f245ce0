/**
 * @module Datagrams: what comes to the node's sockets, sorted: data and answers go to the link of the session that they name, an initiation begins
 * a link, everything else is dropped. A stranger costs as little as can be: a datagram that is too long or of another form one look, a session that does
 * not exist one look-up. While many handshakes are under way, an initiation only draws a cookie, for which nothing is kept; in a private space
 * one without the space's key draws nothing at all, and takes no room.
 */
import type { Address } from '../../address/address.js';
import { PROBE_TOKEN_BYTES } from '../../api/probe.js';
import { Cookies } from '../../security/datagrams/cookies.js';
import {
  COOKIE,
  contentOf,
  DATAGRAM_BYTES_MAX,
  HEADER_BYTES,
  INITIATION,
  type Initiation,
  PROBE,
  readInitiation,
  receiverOf,
  typeOf,
  writePlain,
} from '../../security/datagrams/header.js';
import { equalBytes } from '../../structures/bytes.js';
import type { EngineContext, Input } from '../context.js';
import type { DatagramSessions } from './datagram-sessions.js';
import type { Handovers } from './handovers.js';
import type { Link } from './link.js';
import type { LinkObserver } from './link-observer.js';
import type { LinkPipeline } from './link-pipeline.js';
import type { LinkTable } from './link-table.js';
import type { Probes } from './probes.js';

const PROBE_BYTES = HEADER_BYTES + PROBE_TOKEN_BYTES;

type Arrival = Extract<Input, { type: 'datagram' }>;
type SocketEnd = Extract<Input, { type: 'socket-closed' }>;

export interface DatagramsParts {
  readonly context: EngineContext;
  readonly links: LinkTable;
  readonly pipeline: LinkPipeline;
  readonly handovers: Handovers;
  readonly sessions: DatagramSessions;
  readonly probes: Probes;
}

export class Datagrams implements LinkObserver {
  private readonly cookies: Cookies;
  /** Links that initiations began, by sender: the same one again is answered by its link. */
  private readonly initiated = new Map<string, Link>();

  constructor(private readonly parts: DatagramsParts) {
    const { context } = parts;
    this.cookies = new Cookies(context.options.crypto, context.options.random);
  }

  take(input: Arrival | SocketEnd): void {
    if (input.type === 'socket-closed') this.socketClosed(input);
    else this.receive(input);
  }

  opening(link: Link): void {
    if (link.channel?.kind === 'datagram') link.channel.opened();
  }

  /** What came of services before the link was open is read now. */
  opened(link: Link): void {
    if (link.channel?.kind !== 'datagram' || !link.channel.hasParked) return;
    this.parts.context.deadlines.add(() => this.parts.links.readOn(link), this.parts.context.nowMs, link);
  }

  ended(link: Link): void {
    if (link.initiationKey !== undefined) this.initiated.delete(link.initiationKey);
    if (link.socketId !== undefined) this.parts.probes.leave(link.socketId);
  }

  /** What an initiation began carries another link now. */
  absorbed({ initiationKey }: Link, link: Link): void {
    if (initiationKey === undefined) return;
    if (link.initiationKey !== undefined) this.initiated.delete(link.initiationKey);
    link.initiationKey = initiationKey;
    this.initiated.set(initiationKey, link);
  }

  private receive(arrival: Arrival): void {
    const { bytes } = arrival;
    const type = typeOf(bytes);
    if (type === INITIATION) return this.initiate(arrival);
    if (type === PROBE && bytes.length === PROBE_BYTES && this.parts.probes.receive(arrival, contentOf(bytes))) return;
    const session = type === 0 || bytes.length > DATAGRAM_BYTES_MAX ? undefined : this.parts.sessions.get(receiverOf(bytes));
    if (session === undefined) this.parts.context.metrics.datagramsRefused.value++;
    else this.parts.pipeline.receiveDatagram(session.link, arrival, session.channel);
  }

  private socketClosed({ socketId, cause }: SocketEnd): void {
    for (const link of [...this.parts.links.all])
      if (link.socketId === socketId || link.former?.socketId === socketId) this.parts.handovers.lost(link, socketId, cause);
  }

  private initiate(arrival: Arrival): void {
    const { bytes, from, source, socketId, localAddress, mayOpen } = arrival;
    const initiation = readInitiation(bytes);
    if (initiation === undefined || !this.isOfThisSpace(initiation)) return this.refuse();
    const key = `${socketId} ${initiation.senderIndex} ${from.text}`;
    const known = this.initiated.get(key);
    if (known !== undefined) return this.parts.pipeline.receiveDatagram(known, arrival);
    const isAccepted = mayOpen || this.parts.probes.isWelcome(from);
    if (!isAccepted || this.parts.context.isStopping || !this.parts.sessions.mayBegin(initiation.message)) return this.refuse();
    if (this.isUnderLoad && !this.hasCookie(initiation, from)) return this.askForCookie(initiation, from, socketId);
    const facts = { connectionId: this.parts.links.nextId(), remoteAddress: from, localAddress, socketId, place: source?.place };
    const link = this.parts.links.accept(facts, new Uint8Array(bytes));
    if (link.isOver) return;
    if (arrival.isOfVolley === true) this.parts.probes.take(socketId);
    link.initiationKey = key;
    this.initiated.set(key, link);
  }

  private isOfThisSpace({ preamble }: Initiation): boolean {
    return equalBytes(preamble, this.parts.sessions.space.preamble);
  }

  /** Half of those that may be under way are. */
  private get isUnderLoad(): boolean {
    const { limits } = this.parts.context;
    return 2 * this.parts.links.handshakes.pendingCount >= limits.pendingConnectionsMax;
  }

  private hasCookie({ cookie, message }: Initiation, from: Address): boolean {
    return this.cookies.isGood(cookie, from.text, message, this.parts.context.nowMs);
  }

  private askForCookie({ senderIndex, message }: Initiation, to: Address, socketId: number): void {
    const cookie = this.cookies.issue(to.text, message, this.parts.context.nowMs);
    this.parts.context.metrics.cookiesSent.value++;
    this.parts.context.effect({ type: 'send', socketId, to, datagrams: [writePlain(COOKIE, senderIndex, cookie)] });
  }

  private refuse(): void {
    this.parts.context.metrics.datagramsRefused.value++;
  }
}
