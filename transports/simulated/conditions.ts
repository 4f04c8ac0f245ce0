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
  /** The share of segments (1,460 bytes at most) that are lost: of channels they are sent again, which costs 200 ms and two latencies each; a lost datagram stays lost. */
  readonly loss: number;
  /** Bytes per second, shared by all channels of the direction. Datagrams that would have to wait for more than 250 ms are lost. */
  readonly bandwidth: number;
  /** The share of datagrams that are held up by 1 to 2 times `reorderMs` (with latency and jitter added), so that later ones overtake them. */
  readonly reordered: number;
  /** How long such a datagram is held up at least. */
  readonly reorderMs: number;
  /** The share of datagrams that arrive twice. */
  readonly doubled: number;
  /** Datagrams with more bytes are lost. */
  readonly datagramBytesMax: number;
}

export const CONDITIONS_DEFAULT: LinkConditions = {
  latencyMs: 10,
  jitterMs: 0,
  loss: 0,
  bandwidth: Number.POSITIVE_INFINITY,
  reordered: 0,
  reorderMs: 20,
  doubled: 0,
  datagramBytesMax: 65_507,
};

export const DELAY_MAX_MS = 3_600_000;
const LOSS_MAX = 0.99;

/** `base` with `given`. Throws `OPTION_INVALID`. */
export function conditionsOf(given: Partial<LinkConditions>, base: LinkConditions): LinkConditions {
  const { latencyMs = base.latencyMs, jitterMs = base.jitterMs, loss = base.loss, bandwidth = base.bandwidth } = given;
  checkNumber('latencyMs', latencyMs, 0, DELAY_MAX_MS);
  checkNumber('jitterMs', jitterMs, 0, DELAY_MAX_MS);
  checkNumber('loss', loss, 0, LOSS_MAX);
  checkNumber('bandwidth', bandwidth, 1, Number.POSITIVE_INFINITY);
  return { latencyMs, jitterMs, loss, bandwidth, ...datagramConditionsOf(given, base) };
}

type DatagramConditions = Pick<LinkConditions, 'reordered' | 'reorderMs' | 'doubled' | 'datagramBytesMax'>;

function datagramConditionsOf(given: Partial<LinkConditions>, base: LinkConditions): DatagramConditions {
  const { reordered = base.reordered, reorderMs = base.reorderMs, doubled = base.doubled } = given;
  const { datagramBytesMax = base.datagramBytesMax } = given;
  checkNumber('reordered', reordered, 0, 1);
  checkNumber('reorderMs', reorderMs, 0, DELAY_MAX_MS);
  checkNumber('doubled', doubled, 0, 1);
  checkNumber('datagramBytesMax', datagramBytesMax, 0, CONDITIONS_DEFAULT.datagramBytesMax);
  return { reordered, reorderMs, doubled, datagramBytesMax };
}

/** Throws `OPTION_INVALID`, which names the option. */
export function checkNumber(option: string, value: unknown, min: number, max: number): void {
  if (typeof value === 'number' && value >= min && value <= max) return;
  throw new NetworkError('OPTION_INVALID', `option ${option} is ${String(value)}; it must be a number from ${min} to ${max}`, {
    details: { option },
  });
}
