/**
 * @module RateLimits: a rate for each of many keys, the same for all: one token bucket each. Of so many keys that which was used longest ago gives
 * way, and begins anew when it comes again: there are to be more of them than can be used up within the time in which a bucket fills. Pure.
 */
import { BoundedMap } from './bounded-map.js';
import { TokenBucket } from './token-bucket.js';

/** As of `TokenBucket`. */
export interface Rate {
  readonly capacity: number;
  readonly perSecond: number;
}

export class RateLimits<K> {
  readonly #buckets: BoundedMap<K, TokenBucket>;

  constructor(
    private readonly rate: Rate,
    keysMax: number,
  ) {
    this.#buckets = new BoundedMap(keysMax);
  }

  /** The key's, which is full when it is new. */
  of(key: K, nowMs: number): TokenBucket {
    const known = this.#buckets.renew(key);
    if (known !== undefined) return known;
    const bucket = new TokenBucket(this.rate.capacity, this.rate.perSecond, nowMs);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** Takes all of `count` or nothing. Whether the key got them. */
  takeAll(key: K, count: number, nowMs: number): boolean {
    return this.of(key, nowMs).takeAll(count, nowMs);
  }
}
