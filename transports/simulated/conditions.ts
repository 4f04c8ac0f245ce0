/**
 * @module Conditions: what a path from one host to another is like, and the checks of it.
 */
import { type FieldsOf, number, optional, options, optionsReader } from '../../core/schema/index.js';

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

/** Each of `LinkConditions`, which may be absent. */
export const CONDITION_FIELDS = {
  latencyMs: optional(number(0, DELAY_MAX_MS)),
  jitterMs: optional(number(0, DELAY_MAX_MS)),
  loss: optional(number(0, LOSS_MAX)),
  bandwidth: optional(number(1, Number.POSITIVE_INFINITY)),
  reordered: optional(number(0, 1)),
  reorderMs: optional(number(0, DELAY_MAX_MS)),
  doubled: optional(number(0, 1)),
  datagramBytesMax: optional(number(0, CONDITIONS_DEFAULT.datagramBytesMax)),
};

const read = optionsReader('the conditions of a link', options(CONDITION_FIELDS));

/** `base` with `given`. Throws `OPTION_INVALID`. */
export function conditionsOf(given: Partial<LinkConditions>, base: LinkConditions): LinkConditions {
  return conditionsWith(read(given), base);
}

/** The same with what was read. */
export function conditionsWith(given: FieldsOf<typeof CONDITION_FIELDS>, base: LinkConditions): LinkConditions {
  const names = Object.keys(CONDITION_FIELDS) as (keyof LinkConditions)[];
  return Object.fromEntries(names.map((name) => [name, given[name] ?? base[name]])) as unknown as LinkConditions;
}
