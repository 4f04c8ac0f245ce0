/**
 * @module Backoff: how long to wait before something is tried again: a bound that grows with failures, from the bound before it
 * (`nextBackoffMs`) or by their number (`backoffBoundMs`), and of that a random share ("full jitter"), so that many nodes do not come back at
 * the same moment. Pure.
 */
export interface BackoffOptions {
  /** The first wait at most, in ms; 1 or more. */
  readonly minMs: number;
  /** The longest wait at most, in ms; not below `minMs`. */
  readonly maxMs: number;
  /** How much a wait grows with every failure: by its own length times this. 0.1 or more. */
  readonly multiplier: number;
}

export const BACKOFF_DEFAULTS: BackoffOptions = { minMs: 1_000, maxMs: 60_000, multiplier: 1.5 };

/** The bound of the wait that follows on one with the bound `boundMs`; 0 stands for none so far. */
export function nextBackoffMs(boundMs: number, { minMs, maxMs, multiplier }: BackoffOptions): number {
  return boundMs < minMs ? minMs : Math.min(boundMs + boundMs * multiplier, maxMs);
}

/** The wait itself. `share` is uniform in [0, 1). */
export function waitMs(boundMs: number, share: number): number {
  return boundMs * share;
}

/** How waits grow with the number of failures in a row. */
export interface BackoffSteps {
  /** The bound of the first waits, in ms. */
  readonly minMs: number;
  /** The greatest bound, in ms. */
  readonly maxMs: number;
  /** What the bound is multiplied by with every further failure; 2 by default. */
  readonly growth?: number;
  /** So many waits keep the first bound before it grows; 1 by default. */
  readonly steadyCount?: number;
}

/** The bound of the wait after that many failures in a row; of 0 as of 1, of `Infinity` the greatest. */
export function backoffBoundMs(failures: number, { minMs, maxMs, growth = 2, steadyCount = 1 }: BackoffSteps): number {
  let boundMs = minMs;
  for (let count = steadyCount; count < failures && boundMs < maxMs; count++) boundMs *= growth;
  return Math.min(boundMs, maxMs);
}
