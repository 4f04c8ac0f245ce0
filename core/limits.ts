/**
 * @module Limits: every bound of the core, in one table with default, range and unit; what happens at each is in `limit-texts.ts`, which no page has to
 * load. A node takes overrides in `limits`; `node.limits()` shows what holds. Nothing in the core keeps anything that is not bounded here.
 */
import { NetworkError } from './errors.js';
import { nearest } from './schema/nearest.js';
import { shown } from './schema/schema.js';

/** What a bound counts. */
export type LimitUnit = 'bytes' | 'ms' | 'count' | 'per second' | 'per minute';

/** One bound: default, least and greatest value, and unit. */
interface LimitRow {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly unit: LimitUnit;
}

const row = (value: number, min: number, max: number, unit: LimitRow['unit']): LimitRow => ({ value, min, max, unit });

const KIB = 1024;
const MIB = 1024 * KIB;

export const LIMITS = {
  // Messages and lanes
  payloadBytesMax: row(MIB, 1, 16 * MIB, 'bytes'),
  laneBytesMax: row(4 * MIB, 64 * KIB, 1024 * MIB, 'bytes'),
  laneMessagesMax: row(65_536, 16, 16_777_216, 'count'),
  controlLaneBytesMax: row(256 * KIB, 4 * KIB, 16 * MIB, 'bytes'),
  writeWindowBytes: row(256 * KIB, 64 * KIB, 16 * MIB, 'bytes'),
  turnMessagesMax: row(4_096, 16, 1_048_576, 'count'),
  turnBytesMax: row(256 * KIB, 4 * KIB, 64 * MIB, 'bytes'),
  turnWorkMs: row(20, 1, 60_000, 'ms'),
  readQueueBytesMax: row(4 * MIB, 64 * KIB, 1024 * MIB, 'bytes'),
  localQueueMessagesMax: row(65_536, 16, 16_777_216, 'count'),
  localQueueBytesMax: row(16 * MIB, 64 * KIB, 1024 * MIB, 'bytes'),
  awaitedMessagesMax: row(1_024, 0, 1_048_576, 'count'),
  awaitedBytesMax: row(1 * MIB, 0, 1024 * MIB, 'bytes'),
  serviceLookupMs: row(10_000, 1, 3_600_000, 'ms'),
  actionsPerStepMax: row(100_000, 100, 10_000_000, 'count'),
  hopsMax: row(64, 1, 255, 'count'),
  lossSignalsPerSecondMax: row(64, 0, 65_536, 'per second'),
  // Connections
  connectionsMax: row(64, 1, 65_536, 'count'),
  connectionsMin: row(8, 0, 65_536, 'count'),
  pendingConnectionsMax: row(64, 1, 65_536, 'count'),
  pendingPerAddressMax: row(8, 1, 65_536, 'count'),
  backlogMax: row(1_024, 0, 65_536, 'count'),
  handshakeStallMs: row(1_000, 50, 600_000, 'ms'),
  openTimeoutMs: row(10_000, 100, 600_000, 'ms'),
  duplicateHoldMs: row(3_000, 0, 600_000, 'ms'),
  replacementsPerMinute: row(6, 1, 1_000, 'per minute'),
  pingIntervalMs: row(5_000, 50, 600_000, 'ms'),
  silenceMs: row(15_000, 150, 3_600_000, 'ms'),
  idleMs: row(30_000, 100, 86_400_000, 'ms'),
  closeLingerMs: row(1_000, 0, 10_000, 'ms'),
  handshakeBytesMax: row(4_096, 512, 65_535, 'bytes'),
  // Dials
  dialsMax: row(16, 1, 1_024, 'count'),
  dialQueueMax: row(1_024, 1, 1_048_576, 'count'),
  addressLookupMs: row(5_000, 1, 3_600_000, 'ms'),
  addressesPerDialMax: row(16, 1, 256, 'count'),
  backoffMinMs: row(1_000, 1, 600_000, 'ms'),
  backoffMaxMs: row(60_000, 1, 86_400_000, 'ms'),
  stableUptimeMs: row(15_000, 0, 3_600_000, 'ms'),
  // Behaviours
  faultsPerMinute: row(10, 1, 10_000, 'per minute'),
  queuesPerOwnerMax: row(16, 1, 4_096, 'count'),
  timersPerBehaviorMax: row(65_536, 1, 1_048_576, 'count'),
  servicesHistoryMs: row(60_000, 1_000, 600_000, 'ms'),
  servicesHistoryMax: row(65_536, 16, 1_048_576, 'count'),
  serviceStreamsMax: row(4_096, 16, 1_048_576, 'count'),
  slowCallbackMs: row(1_000, 1, 600_000, 'ms'),
  stopTimeoutMs: row(1_500, 0, 60_000, 'ms'),
  // Values and visibility
  valueDepthMax: row(16, 1, 16, 'count'),
  valueItemsMax: row(65_536, 16, 1_048_576, 'count'),
  metricSeriesMax: row(1_000, 16, 100_000, 'count'),
} as const satisfies Record<string, LimitRow>;

export type LimitName = keyof typeof LIMITS;
export type Limits = { readonly [name in LimitName]: number };

const DEFAULTS = withDefaults({});

/** The effective limits: the defaults with the overrides. Throws `LIMITS_INVALID`, naming the limit, what was given and the range. */
export function resolveLimits(overrides: Partial<Limits> = {}): Limits {
  if (typeof overrides !== 'object' || overrides === null) throw new NetworkError('LIMITS_INVALID', 'limits must be an object');
  const given = Object.keys(overrides);
  if (given.length === 0) return DEFAULTS;
  for (const name of given)
    if (!Object.hasOwn(LIMITS, name))
      throw new NetworkError('LIMITS_INVALID', `limits.${name} is unknown; ${nearest(name, Object.keys(LIMITS))}`);
  const limits = withDefaults(overrides);
  requireAtLeast(limits, 'silenceMs', 2 * limits.pingIntervalMs, 'twice limits.pingIntervalMs');
  requireAtLeast(limits, 'backoffMaxMs', limits.backoffMinMs, 'limits.backoffMinMs');
  requireAtLeast(limits, 'pendingConnectionsMax', limits.pendingPerAddressMax, 'limits.pendingPerAddressMax');
  requireAtLeast(limits, 'laneBytesMax', limits.payloadBytesMax + KIB, 'limits.payloadBytesMax and 1024 for its header');
  requireAtLeast(limits, 'localQueueBytesMax', limits.payloadBytesMax, 'limits.payloadBytesMax');
  return limits;
}

function withDefaults(overrides: Partial<Limits>): Limits {
  const names = Object.keys(LIMITS) as LimitName[];
  return Object.freeze(Object.fromEntries(names.map((name) => [name, within(name, overrides[name])])) as Limits);
}

function within(name: LimitName, given: number | undefined): number {
  const { value, min, max, unit } = LIMITS[name];
  if (given === undefined) return value;
  if (Number.isSafeInteger(given) && given >= min && given <= max) return given;
  throw new NetworkError('LIMITS_INVALID', `limits.${name} is ${shown(given)}; it must be a whole number from ${min} to ${max} (${unit})`, {
    details: { limit: name, given, min, max },
  });
}

/** Two limits that contradict each other. */
function requireAtLeast(limits: Limits, name: LimitName, least: number, why: string): void {
  const given = limits[name];
  if (given >= least) return;
  throw new NetworkError('LIMITS_INVALID', `limits.${name} is ${given}; it must be at least ${least}: ${why}`, {
    details: { limit: name, given, min: least, max: LIMITS[name].max },
  });
}

/** A limit that refuses something. */
export interface ReachedLimit {
  readonly limit: string;
  readonly current: number;
  readonly maximum: number;
  /** Whose it is, for people. */
  readonly scope: string;
  /** Where to change it; absent when it cannot be changed. */
  readonly configKey?: string;
  /** What it refuses, for people, where the limit alone does not say it. */
  readonly what?: string;
}

/** The error of a refusal by a limit: which one, how much there is, and where to change it. For behaviours with limits of their own. */
export function limitReached({ limit, current, maximum, scope, configKey, what }: ReachedLimit): NetworkError {
  const details = { limit, current, maximum, scope, side: 'local', configKey };
  const text = `limit ${limit} of ${scope} is reached (${current} of ${maximum})`;
  return new NetworkError('LIMIT_EXCEEDED', what === undefined ? text : `${what}: ${text}`, { details });
}

/** The same of a limit of the node. */
export function limitError(limit: LimitName, current: number, maximum: number, scope: string): NetworkError {
  return limitReached({ limit, current, maximum, scope, configKey: `limits.${limit}` });
}
