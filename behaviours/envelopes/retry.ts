/**
 * @module Retry: how long to wait before the next attempt. The interval doubles with every further failure, up to its bound; of each a
 * random share is waited (full jitter), so that many that lost the same thing do not come back at once.
 */
import type { Random } from '../../core/index.js';
import { checkNames, requireWhole } from './options.js';

export interface RetryOptions {
  /** The first interval, 10,000 ms by default; 1 ms to an hour. */
  readonly firstMs: number;
  /** The longest one, 300,000 ms by default; from `firstMs` to a day. */
  readonly maxMs: number;
}

const HOUR_MS = 3_600_000;

/** Throws `ARGUMENT_INVALID`. */
export function resolveRetry(options: Partial<RetryOptions>): RetryOptions {
  checkNames(options, ['firstMs', 'maxMs']);
  const { firstMs = 10_000, maxMs = 300_000 } = options;
  requireWhole('retry.firstMs', firstMs, 1, HOUR_MS);
  requireWhole('retry.maxMs', maxMs, firstMs, 24 * HOUR_MS);
  return { firstMs, maxMs };
}

export class Retry {
  /** Failures since the last `reset`. */
  failureCount = 0;
  #intervalMs: number;

  constructor(private readonly options: RetryOptions) {
    this.#intervalMs = options.firstMs;
  }

  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** How long to wait now. */
  waitMs(random: Random): number {
    return random.float() * this.#intervalMs;
  }

  /** One more failure. The first leaves the interval as it is. */
  failed(): void {
    if (this.failureCount > 0) this.#intervalMs = Math.min(2 * this.#intervalMs, this.options.maxMs);
    this.failureCount++;
  }

  /** It went well for long enough. */
  reset(): void {
    this.failureCount = 0;
    this.#intervalMs = this.options.firstMs;
  }
}
