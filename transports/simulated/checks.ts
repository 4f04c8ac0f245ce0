/** @module Checks of what the methods of a simulation are given. */
import { NetworkError } from '../../core/index.js';
import {
  boolean,
  callable,
  either,
  fallback,
  oneOf,
  optional,
  options,
  optionsReader,
  parsed,
  shown,
  text,
  whole,
} from '../../core/schema/index.js';
import type { Crypto } from '../../core/security/crypto.js';
import { CONDITION_FIELDS } from './conditions.js';

export { requireFunction } from '../../core/engine/behaviors/arguments.js';

const EVENTS_MAX = 4_194_304;
const EVENTS_PER_INSTANT_MAX = 1_000_000;
const TRACE_EVENTS_MAX = 65_536;

/** Throws `OPTION_INVALID`. */
export const readSimulationOptions = optionsReader(
  'SimulatedNetwork',
  options({
    ...CONDITION_FIELDS,
    seed: either(
      parsed('a number', (given) => (typeof given === 'number' ? given : undefined)),
      text(4_096),
    ),
    latencyBetween: optional(callable<(from: string, to: string) => number>()),
    crypto: fallback(
      either(
        oneOf('simulated'),
        parsed('a Crypto', (given) => (isCrypto(given) ? given : undefined)),
      ),
      'simulated',
    ),
    links: optional(oneOf('streams', 'datagrams')),
    onFault: fallback(oneOf('list', 'reject'), 'list'),
    trace: fallback(oneOf('network', 'callbacks'), 'network'),
    traceEventsMax: fallback(whole(), TRACE_EVENTS_MAX),
    eventsMax: fallback(whole(1), EVENTS_MAX),
    eventsPerInstantMax: fallback(whole(1), EVENTS_PER_INSTANT_MAX),
  }),
);

function isCrypto(given: unknown): given is Crypto {
  return typeof (Object(given) as Partial<Crypto>).signingKey === 'function';
}

export const readCrash = optionsReader('crash', options({ reset: fallback(boolean, false) }));

/** Throws `ARGUMENT_INVALID` for what no time can pass for. */
export function requireTime(durationMs: unknown): void {
  if (Number.isFinite(durationMs) && (durationMs as number) >= 0) return;
  throw new NetworkError('ARGUMENT_INVALID', `a duration is ${shown(durationMs)}; it must be a number of milliseconds`);
}
