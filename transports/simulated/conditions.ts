/**
 * @module Conditions: what a path from one host to another is like, and the checks of it.
 */
import { NetworkError } from '../../core/errors.js';

/** One direction of a link between two hosts. */
export interface LinkConditions {
  /** Latency of one direction, not of the round trip. */
  readonly latencyMs: number;
  /** Up to so much is added at random. Bytes of one channel keep their order. */
  readonly jitterMs: number;
  /** The share of segments (1,460 bytes at most) that are lost and sent again: each loss costs 200 ms and two latencies. */
  readonly loss: number;
  /** Bytes per second, shared by all channels of the direction. */
  readonly bandwidth: number;
}

export const CONDITIONS_DEFAULT: LinkConditions = { latencyMs: 10, jitterMs: 0, loss: 0, bandwidth: Number.POSITIVE_INFINITY };

const DELAY_MAX_MS = 3_600_000;
const LOSS_MAX = 0.99;

/** `base` with `given`. Throws `OPTION_INVALID`. */
export function conditionsOf(given: Partial<LinkConditions>, base: LinkConditions): LinkConditions {
  const { latencyMs = base.latencyMs, jitterMs = base.jitterMs, loss = base.loss, bandwidth = base.bandwidth } = given;
  check('latencyMs', latencyMs, 0, DELAY_MAX_MS);
  check('jitterMs', jitterMs, 0, DELAY_MAX_MS);
  check('loss', loss, 0, LOSS_MAX);
  check('bandwidth', bandwidth, 1, Number.POSITIVE_INFINITY);
  return { latencyMs, jitterMs, loss, bandwidth };
}

function check(option: string, value: unknown, min: number, max: number): void {
  if (typeof value === 'number' && value >= min && value <= max) return;
  throw new NetworkError('OPTION_INVALID', `option ${option} is ${String(value)}; it must be a number from ${min} to ${max}`, {
    details: { option },
  });
}
