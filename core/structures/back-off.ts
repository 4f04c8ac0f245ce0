/**
 * @module Backoff: how long to wait before a place is dialled again (DNDM-34, DNDM-35; H-13): 1, 2.5, 6.25, 15.6, 39.1, 60 s, and of that a
 * random share ("full jitter"), so that many nodes do not come back at the same moment. Pure.
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

/** The wait itself. `chance` is uniform in [0, 1). */
export function waitMs(boundMs: number, chance: number): number {
  return boundMs * chance;
}
