/**
 * @module SignatureBudget: how many claims of neighbours are looked at, and how many signatures are checked, which is what costs most: so many of
 * the whole node, of each neighbour and of each remote place. It is kept over connections: a new one brings no new allowance. Who sends what
 * is forged has used up its own. Pure.
 */
import { placeOfHost } from '../address/address-group.js';
import type { NodeId } from '../address/node-id.js';
import type { Connection } from '../api/events.js';
import { RateLimits } from '../structures/rate-limits.js';
import { TokenBucket } from '../structures/token-bucket.js';

/** Of what one behaviour checks. */
export interface SignatureLimits {
  /** Claims that a neighbour may send: at once, and per second. More are ignored. */
  readonly claimsAtOnce: number;
  readonly claimsPerSecond: number;
  /** Checks of the node: at once, and per second. Each takes some 0.17 ms. */
  readonly checksAtOnce: number;
  readonly checksPerSecond: number;
  /** Checks for one remote address, of IPv6 for its /64: at once, and per second. */
  readonly placeChecksAtOnce: number;
  readonly placeChecksPerSecond: number;
  /** What something forged costs its place: others may be there. */
  readonly forgeryChecks: number;
  /** Neighbours and places that are remembered; those that came longest ago give way. */
  readonly remembered: number;
}

/** Of signed records: at once as many checks as one question brings, and less than a fifth of a core. */
export const SIGNATURE_LIMITS: SignatureLimits = {
  claimsAtOnce: 4_096,
  claimsPerSecond: 32,
  checksAtOnce: 1_024,
  checksPerSecond: 1_000,
  placeChecksAtOnce: 1_024,
  placeChecksPerSecond: 128,
  forgeryChecks: 64,
  remembered: 4_096,
};

/** Who sends, and from where. */
export type Origin = Pick<Connection, 'nodeId' | 'remoteAddress'>;

export class SignatureBudget {
  private readonly checks: TokenBucket;
  private readonly claims: RateLimits<NodeId>;
  private readonly places: RateLimits<string>;

  constructor(private readonly limits: SignatureLimits = SIGNATURE_LIMITS) {
    this.checks = new TokenBucket(limits.checksAtOnce, limits.checksPerSecond, 0);
    this.claims = new RateLimits({ capacity: limits.claimsAtOnce, perSecond: limits.claimsPerSecond }, limits.remembered);
    this.places = new RateLimits({ capacity: limits.placeChecksAtOnce, perSecond: limits.placeChecksPerSecond }, limits.remembered);
  }

  /** Takes up to so many claims of a neighbour; returns how many may be looked at. */
  takeClaims({ nodeId }: Origin, count: number, nowMs: number): number {
    return this.claims.of(nodeId, nowMs).take(count, nowMs);
  }

  /** Whether one more signature may be checked. */
  takeCheck({ remoteAddress }: Origin, nowMs: number): boolean {
    const place = this.placeOf(remoteAddress.host, nowMs);
    return place.has(1, nowMs) && this.checks.takeAll(1, nowMs) && place.takeAll(1, nowMs);
  }

  /** A signature was wrong. Of the neighbour nothing is looked at until its allowance has filled up from as much below nothing. */
  forged({ nodeId, remoteAddress }: Origin, nowMs: number): void {
    const claims = this.claims.of(nodeId, nowMs);
    claims.take(claims.capacity, nowMs);
    claims.charge(claims.capacity, nowMs);
    this.placeOf(remoteAddress.host, nowMs).charge(this.limits.forgeryChecks, nowMs);
  }

  private placeOf(host: string, nowMs: number): TokenBucket {
    return this.places.of(placeOfHost(host), nowMs);
  }
}
