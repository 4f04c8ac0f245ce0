/**
 * @module Helper: brings two neighbours of this node to each other. It asks the one that is sought whether it may be approached, sees both at its own
 * socket, each at the host of its line and by a token that only that one knows, and refers each to the other with a signature and the same
 * moment to begin. Requests are bounded, in all, for each neighbour, and in time; one that comes to nothing is refused with the reason.
 */
import {
  type Address,
  type BehaviorAgent,
  ByteWriter,
  type Cancellable,
  type Connection,
  type NatMapping,
  type NodeId,
  toConnection,
} from '../../core/index.js';
import { hexOf } from '../../core/structures/hex.js';
import { RateLimits } from '../../core/structures/rate-limits.js';
import { POPPING, type PunchMessage, type Reason, writePop, writeReferred, writeRefused, writeSeen } from './messages.js';
import { POPS, REQUESTS_MAX, REQUESTS_PER_NEIGHBOUR_MAX, WAIT_MS_MAX } from './options.js';
import type { PunchParts } from './parts.js';
import { addressOf } from './proof.js';
import { signReferral } from './referral.js';

/** One of the two. */
interface Side {
  readonly connection: Connection;
  mapping: NatMapping;
  near: readonly Address[];
  /** Where its probe came from. */
  at: Address | undefined;
}

interface Request {
  readonly nonce: Uint8Array;
  readonly asker: Side;
  readonly target: Side;
  hasAgreed: boolean;
  /** The tokens that end with it. */
  readonly awaited: Cancellable[];
}

/** A request is over after that. */
const REQUEST_MS = 2_200;
/** Neighbours whose rate is known. */
const RATES_MAX = 1_024;

export class Helper {
  /** By nonce. */
  private readonly requests = new Map<string, Request>();
  /** Who wants to know where it is, by token. */
  private readonly sightings = new Map<string, Cancellable>();
  private readonly rates = new RateLimits<NodeId>(POPS, RATES_MAX);
  private readonly writer = new ByteWriter();

  constructor(private readonly parts: PunchParts) {}

  get size(): number {
    return this.requests.size;
  }

  pop(agent: BehaviorAgent, asker: Connection, { nonce, token, mapping, node }: PunchMessage): void {
    const target = agent.connectionTo(node);
    const reason = this.refusalOf(agent, asker, nonce, target);
    if (reason !== undefined || target === undefined) return this.refuse(agent, asker, nonce, reason ?? 'no-line');
    const request: Request = {
      nonce,
      asker: { connection: asker, mapping, near: [], at: undefined },
      target: { connection: target, mapping: 'unknown', near: [], at: undefined },
      hasAgreed: false,
      awaited: [],
    };
    this.requests.set(hexOf(nonce), request);
    const targetToken = agent.random.bytes(token.length);
    this.parts.timeline.add(agent, REQUEST_MS, (later) => this.fail(later, request, 'unproven'), request);
    request.awaited.push(this.awaitSide(agent, request, request.asker, token), this.awaitSide(agent, request, request.target, targetToken));
    const popping = { token: targetToken, mapping, node: asker.nodeId };
    agent.send(toConnection(target.id), writePop(this.writer, POPPING, nonce, popping), { lane: 'control' });
  }

  /** Tells a neighbour where it sends from; what finds no room, or does not come, is not answered. */
  where(agent: BehaviorAgent, asker: Connection, { nonce }: PunchMessage): void {
    const { settings, counters } = this.parts;
    const key = hexOf(nonce);
    const isAllowed = settings.help && this.rates.takeAll(asker.nodeId, 1, agent.nowMs);
    if (!isAllowed || this.sightings.size >= REQUESTS_MAX || this.sightings.has(key)) {
      counters.refused++;
      return;
    }
    const tell = (later: BehaviorAgent, from: Address) => {
      if (from.host !== addressOf(this.parts.view, asker).host) return;
      later.send(toConnection(asker.id), writeSeen(this.writer, nonce, from), { lane: 'control' });
      this.forget(key);
    };
    const awaited = agent.awaitProbe(nonce, REQUEST_MS, (later, { from }) => tell(later, from));
    this.sightings.set(key, awaited);
    this.parts.timeline.add(agent, REQUEST_MS, () => this.forget(key), awaited);
  }

  agreed(agent: BehaviorAgent, { id }: Connection, { nonce, mapping, near }: PunchMessage): void {
    const request = this.requests.get(hexOf(nonce));
    if (request === undefined || request.target.connection.id !== id) return;
    request.hasAgreed = true;
    request.target.mapping = mapping;
    request.target.near = near;
    this.complete(agent, request);
  }

  /** Whether that was the answer to a request of this node's. */
  declined(agent: BehaviorAgent, { id }: Connection, { nonce, reason }: PunchMessage): boolean {
    const request = this.requests.get(hexOf(nonce));
    if (request === undefined || request.target.connection.id !== id) return false;
    this.fail(agent, request, reason);
    return true;
  }

  /** A line is gone. */
  left(agent: BehaviorAgent, connectionId: number): void {
    for (const request of [...this.requests.values()])
      if ([request.asker, request.target].some(({ connection }) => connection.id === connectionId)) this.fail(agent, request, 'no-line');
  }

  stop(): void {
    for (const request of [...this.requests.values()]) this.end(request);
    for (const token of [...this.sightings.keys()]) this.forget(token);
  }

  private refusalOf(agent: BehaviorAgent, asker: Connection, nonce: Uint8Array, target: Connection | undefined): Reason | undefined {
    const { settings, canPunch } = this.parts;
    if (!settings.help) return 'not-helping';
    if (!this.rates.takeAll(asker.nodeId, 1, agent.nowMs)) return 'too-often';
    if (target === undefined || target.id === asker.id || !canPunch(target)) return 'no-line';
    if (this.areOfOtherFamilies(asker, target)) return 'other-family';
    const ofAsker = [...this.requests.values()].filter((request) => request.asker.connection.id === asker.id).length;
    const isFull = this.requests.size >= REQUESTS_MAX || ofAsker >= REQUESTS_PER_NEIGHBOUR_MAX;
    return isFull || this.requests.has(hexOf(nonce)) ? 'busy' : undefined;
  }

  /** Neither can send to where the other one is seen. */
  private areOfOtherFamilies(asker: Connection, target: Connection): boolean {
    const kinds = [asker, target].map((connection) => addressOf(this.parts.view, connection).hostKind);
    return kinds.includes('ipv4') && kinds.includes('ipv6');
  }

  /** Only from the host of its own line: whoever sends from elsewhere may have made that up. */
  private awaitSide(agent: BehaviorAgent, request: Request, side: Side, token: Uint8Array): Cancellable {
    return agent.awaitProbe(token, REQUEST_MS, (later, { from }) => {
      if (side.at !== undefined || from.host !== addressOf(this.parts.view, side.connection).host) return;
      side.at = from;
      this.complete(later, request);
    });
  }

  private complete(agent: BehaviorAgent, request: Request): void {
    const { asker, target, hasAgreed } = request;
    if (!hasAgreed || asker.at === undefined || target.at === undefined) return;
    this.end(request);
    this.parts.counters.helped++;
    const [askerMs, targetMs] = [this.roundTripOf(asker), this.roundTripOf(target)];
    this.refer(agent, request, asker, target, targetMs - askerMs);
    this.refer(agent, request, target, asker, askerMs - targetMs);
  }

  /** `laterMs`: the round trip of the other one is so much longer: what is sent to it takes half of that more. */
  private refer(agent: BehaviorAgent, { nonce }: Request, to: Side, about: Side, laterMs: number): void {
    const facts = { about: about.connection.nodeId, forNode: to.connection.nodeId, nonce };
    const referral = signReferral(facts, about.at as Address, this.parts.signer);
    const waitMs = Math.round(Math.min(WAIT_MS_MAX, Math.max(0, laterMs / 2)));
    // Elsewhere the same addresses are other machines'.
    const near = about.at?.host === to.at?.host ? about.near : [];
    const bytes = writeReferred(this.writer, nonce, { mapping: about.mapping, waitMs, near, referral });
    agent.send(toConnection(to.connection.id), bytes, { lane: 'control' });
  }

  private roundTripOf({ connection: { id } }: Side): number {
    return this.parts.view.links().find(({ connectionId }) => connectionId === id)?.rttMs ?? 0;
  }

  private fail(agent: BehaviorAgent, request: Request, reason: Reason): void {
    this.end(request);
    // Who is gone, or has declined, does not mind.
    agent.send(toConnection(request.target.connection.id), writeRefused(this.writer, request.nonce, reason), { lane: 'control' });
    this.refuse(agent, request.asker.connection, request.nonce, reason);
  }

  private refuse(agent: BehaviorAgent, { id }: Connection, nonce: Uint8Array, reason: Reason): void {
    this.parts.counters.refused++;
    agent.send(toConnection(id), writeRefused(this.writer, nonce, reason), { lane: 'control' });
  }

  private forget(token: string): void {
    const awaited = this.sightings.get(token);
    if (awaited === undefined) return;
    this.sightings.delete(token);
    this.parts.timeline.cancelOwned(awaited);
    awaited.cancel();
  }

  private end(request: Request): void {
    this.requests.delete(hexOf(request.nonce));
    this.parts.timeline.cancelOwned(request);
    for (const token of request.awaited) token.cancel();
  }
}
