/**
 * @module The messages of telemetry, service 16, over any route, as CBOR lists. Every message may be lost: a report names the one that it goes
 * on from, and whoever lacks that one asks again. `watch`, a random u32 of the asking side, names the watch.
 *
 *   1 ask      watch, interval in ms, whether details are wanted, number of the last report (0: none): at once, and every 5 s
 *   2 end      watch
 *   3 report   watch, number, the number that it goes on from (0: none, it is complete), time, changed facts, keys of removed facts
 *   4 refused  watch, reason, and in words: the limit and its value
 */
import { boolean, byFirst, either, list, mapOf, messageReader, number, oneOf, text, tuple, whole } from '../../core/schema/index.js';
import { type Difference, FACTS_MAX, KEY_LENGTH_MAX, SCALARS_MAX, type Scalar, TEXT_LENGTH_MAX } from './facts.js';

export const ASK = 1;
export const END = 2;
export const REPORT = 3;
export const REFUSED = 4;

/** Why a node sends no reports. */
export const REFUSALS = ['not-authorized', 'too-many'] as const;
/** Why a node does not report. */
export type TelemetryRefusal = (typeof REFUSALS)[number];

const U32 = whole(0, 0xffff_ffff);
const TIME = number(0, Number.MAX_SAFE_INTEGER);
const KEY = text(KEY_LENGTH_MAX, { min: 1 });
const SCALAR = either(text(TEXT_LENGTH_MAX), number(-Number.MAX_VALUE, Number.MAX_VALUE), boolean);

const MESSAGE = byFirst({
  [ASK]: tuple(oneOf(ASK), U32, whole(1, 60_000), boolean, U32),
  [END]: tuple(oneOf(END), U32),
  [REPORT]: tuple(oneOf(REPORT), U32, U32, U32, TIME, mapOf(KEY, list(SCALAR, SCALARS_MAX)), list(KEY, FACTS_MAX)),
  [REFUSED]: tuple(oneOf(REFUSED), U32, oneOf(...REFUSALS), text(TEXT_LENGTH_MAX)),
});

/** The message, or `undefined` for anything else. */
export const readMessage = messageReader(MESSAGE);

export interface Ask {
  readonly watch: number;
  readonly intervalMs: number;
  readonly isDetailed: boolean;
  /** The last report that the asking side has. */
  readonly held: number;
}

export interface Report extends Difference {
  readonly number: number;
  /** The report that it goes on from; 0: it is complete. */
  readonly base: number;
  readonly nowMs: number;
}

export function askMessage({ watch, intervalMs, isDetailed, held }: Ask): unknown {
  return [ASK, watch, intervalMs, isDetailed, held];
}

export function reportMessage(watch: number, { number: own, base, nowMs, changed, removed }: Report): unknown {
  const facts: Record<string, readonly Scalar[]> = {};
  for (const [key, fact] of changed) facts[key] = fact;
  return [REPORT, watch, own, base, nowMs, facts, removed];
}
