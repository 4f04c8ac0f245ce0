/**
 * @module SignatureBudget: how many claims of neighbours are looked at, and how many signatures of records are checked, which is what costs
 * most: so many of the whole node, of each neighbour and of each remote place. It is kept over connections: a new one brings no new
 * allowance. Who sends what is forged has used up its own. Pure.
 */
import { placeOfHost } from '../../../core/address/address-group.js';
import type { Connection, NodeId } from '../../../core/index.js';
import { BoundedMap } from '../../../core/structures/bounded-map.js';
import { TokenBucket } from '../../../core/structures/token-bucket.js';

export const SIGNATURE_LIMITS = {
  /** Records and hints that a neighbour may send: at once, and per second. More are ignored. */
  claimsAtOnce: 4_096,
  claimsPerSecond: 32,
  /** Checks of the node: at once, as many as one question brings, and per second. Each takes some 0.17 ms: less than a fifth of a core. */
  checksAtOnce: 1_024,
  checksPerSecond: 1_000,
  /** Checks for one remote address, of IPv6 for its /64: at once, and per second. */
  placeChecksAtOnce: 1_024,
  placeChecksPerSecond: 128,
  /** What a forged record costs its place: others may be there. */
  forgeryChecks: 64,
  /** Neighbours and places that are remembered; those that came longest ago give way. */
  remembered: 4_096,
} as const;

/** Who sends, and from where. */
export type Origin = Pick<Connection, 'nodeId' | 'remoteAddress'>;

export class SignatureBudget {
  private readonly checks = new TokenBucket(SIGNATURE_LIMITS.checksAtOnce, SIGNATURE_LIMITS.checksPerSecond, 0);
  private readonly claims = new BoundedMap<NodeId, TokenBucket>(SIGNATURE_LIMITS.remembered);
  private readonly places = new BoundedMap<string, TokenBucket>(SIGNATURE_LIMITS.remembered);

  /** Takes up to so many claims of a neighbour; returns how many may be looked at. */
  takeClaims({ nodeId }: Origin, count: number, nowMs: number): number {
    return this.claimsOf(nodeId, nowMs).take(count, nowMs);
  }

  /** Whether one more signature may be checked. */
  takeCheck({ remoteAddress }: Origin, nowMs: number): boolean {
    const place = this.placeOf(remoteAddress.host, nowMs);
    return place.has(1, nowMs) && this.checks.takeAll(1, nowMs) && place.takeAll(1, nowMs);
  }

  /** A signature was wrong. Of the neighbour nothing is looked at until its allowance has filled up from as much below nothing. */
  forged({ nodeId, remoteAddress }: Origin, nowMs: number): void {
    const claims = this.claimsOf(nodeId, nowMs);
    claims.take(claims.capacity, nowMs);
    claims.charge(claims.capacity, nowMs);
    this.placeOf(remoteAddress.host, nowMs).charge(SIGNATURE_LIMITS.forgeryChecks, nowMs);
  }

  private claimsOf(nodeId: NodeId, nowMs: number): TokenBucket {
    const { claimsAtOnce, claimsPerSecond } = SIGNATURE_LIMITS;
    return bucketOf(this.claims, nodeId, () => new TokenBucket(claimsAtOnce, claimsPerSecond, nowMs));
  }

  private placeOf(host: string, nowMs: number): TokenBucket {
    const { placeChecksAtOnce, placeChecksPerSecond } = SIGNATURE_LIMITS;
    return bucketOf(this.places, placeOfHost(host), () => new TokenBucket(placeChecksAtOnce, placeChecksPerSecond, nowMs));
  }
}

function bucketOf<K>(buckets: BoundedMap<K, TokenBucket>, key: K, create: () => TokenBucket): TokenBucket {
  const known = buckets.renew(key);
  if (known !== undefined) return known;
  const bucket = create();
  buckets.set(key, bucket);
  return bucket;
}
