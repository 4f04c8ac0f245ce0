/**
 * @module Hold-off: how long to wait before a peer is dialled again (INET-27; H-13, H-14). After each of the first failures the same bound,
 * then doubling up to a cap; the wait itself is a random share of the bound ("full jitter"), so that many nodes do not come back at the
 * same moment. Pure.
 */

/** How waits between dials of a peer grow. */
export interface HoldOffOptions {
  /** Bound of the first waits in ms, 2,000 by default; 1 to 86,400,000. */
  readonly minMs: number;
  /** How many waits have that bound before it begins to double, 6 by default; 1 to 1,000. */
  readonly steadyCount: number;
  /** The greatest bound in ms, 4,096,000 by default (about 68 minutes); not below `minMs`, up to 86,400,000. 60,000 finds a peer sooner. */
  readonly maxMs: number;
  /** A cross peer is given up after so many refusals in a row, 6 by default; 1 to 1,000. */
  readonly giveUpCount: number;
}

export const HOLD_OFF_DEFAULTS: HoldOffOptions = { minMs: 2_000, steadyCount: 6, maxMs: 4_096_000, giveUpCount: 6 };

/** The bound of the wait after that many failures in a row, 1 or more. */
export function holdOffMs(failures: number, { minMs, steadyCount, maxMs }: HoldOffOptions): number {
  const doublings = Math.max(0, failures - steadyCount);
  // Past 2^27 every cap is reached, and a shift would turn round.
  return doublings > 27 ? maxMs : Math.min(maxMs, minMs * 2 ** doublings);
}
