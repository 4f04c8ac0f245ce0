/**
 * @module Limits: every bound of the core, in one table with default, range, unit, reason and what happens at the bound. A node takes
 * overrides in `limits`; `node.limits()` shows what holds. Nothing in the core keeps anything that is not bounded here.
 */
import { NetworkError } from './errors.js';
import { nearest } from './schema/nearest.js';
import { shown } from './schema/schema.js';

/** What a bound counts. */
export type LimitUnit = 'bytes' | 'ms' | 'count' | 'per second' | 'per minute';

/** One bound: default, least and greatest value, unit, and what happens there. */
interface LimitRow {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly unit: LimitUnit;
  readonly atTheBound: string;
}

const row = (value: number, min: number, max: number, unit: LimitRow['unit'], atTheBound: string): LimitRow => ({
  value,
  min,
  max,
  unit,
  atTheBound,
});

const KIB = 1024;
const MIB = 1024 * KIB;

export const LIMITS = {
  // Messages and lanes
  payloadBytesMax: row(
    MIB,
    1,
    16 * MIB,
    'bytes',
    'send returns too-large; a larger frame from a remote closes the link before anything is allocated',
  ),
  laneBytesMax: row(
    4 * MIB,
    64 * KIB,
    1024 * MIB,
    'bytes',
    'send returns full; below half follow the event writable and the hook onWritable',
  ),
  laneMessagesMax: row(65_536, 16, 16_777_216, 'count', 'as laneBytesMax'),
  controlLaneBytesMax: row(
    256 * KIB,
    4 * KIB,
    16 * MIB,
    'bytes',
    'send returns full; the engine closes a link whose own control does not fit',
  ),
  writeWindowBytes: row(
    256 * KIB,
    64 * KIB,
    16 * MIB,
    'bytes',
    'no more is sealed until the system took some, so that control is not stuck behind bulk',
  ),
  turnMessagesMax: row(
    4_096,
    16,
    1_048_576,
    'count',
    'of one link: the rest is read in the next turn of the event loop, its channel paused meanwhile, unless the turn is short yet',
  ),
  turnBytesMax: row(256 * KIB, 4 * KIB, 64 * MIB, 'bytes', 'as turnMessagesMax'),
  turnWorkMs: row(
    20,
    1,
    60_000,
    'ms',
    'for all links together, a fifth of it for one: what is left is read in the next turn, those first that have waited longest',
  ),
  readQueueBytesMax: row(
    4 * MIB,
    64 * KIB,
    1024 * MIB,
    'bytes',
    'where a transport cannot pause: a link with more that is not read yet is closed with read-queue-full',
  ),
  localQueueMessagesMax: row(65_536, 16, 16_777_216, 'count', 'send to this node returns full'),
  localQueueBytesMax: row(16 * MIB, 64 * KIB, 1024 * MIB, 'bytes', 'send to this node returns full'),
  awaitedMessagesMax: row(1_024, 0, 1_048_576, 'count', 'of messages to services whose providers are looked up: send returns unreachable'),
  awaitedBytesMax: row(1 * MIB, 0, 1024 * MIB, 'bytes', 'as awaitedMessagesMax'),
  serviceLookupMs: row(10_000, 1, 3_600_000, 'ms', 'messages to a service whose providers are not found by then are lost'),
  actionsPerStepMax: row(100_000, 100, 10_000_000, 'count', 'the rest is done in the next turn, so that other links are served'),
  hopsMax: row(64, 1, 255, 'count', 'the message is dropped and counted'),
  lossSignalsPerSecondMax: row(
    64,
    0,
    65_536,
    'per second',
    'per link over which messages arrive: no loss signals are sent for further lost messages; 0: none are sent',
  ),
  // Connections
  connectionsMax: row(
    64,
    1,
    65_536,
    'count',
    'a new connection is refused with limit, unless the policy prunes another (option connections.max)',
  ),
  connectionsMin: row(
    8,
    0,
    65_536,
    'count',
    'discovery dials no more in a space that is larger than connectionsMax (option connections.min)',
  ),
  pendingConnectionsMax: row(64, 1, 65_536, 'count', 'further accepted connections that are not open yet wait unread'),
  pendingPerAddressMax: row(8, 1, 65_536, 'count', 'further ones of that remote address (IPv6: /64) wait unread'),
  backlogMax: row(1_024, 0, 65_536, 'count', 'the newest that waits of the address with most there is closed; an address gets half'),
  handshakeStallMs: row(
    1_000,
    50,
    600_000,
    'ms',
    'while others wait, a remote whose next handshake message is not complete by then is closed',
  ),
  openTimeoutMs: row(10_000, 100, 600_000, 'ms', 'a connection that is not open by then is closed'),
  duplicateHoldMs: row(3_000, 0, 600_000, 'ms', 'the smaller node stops waiting for its own dial and goes on with the incoming link'),
  replacementsPerMinute: row(6, 1, 1_000, 'per minute', 'a new link of the same identity is closed with duplicate-identity'),
  pingIntervalMs: row(5_000, 50, 600_000, 'ms', 'a side that sent nothing for so long sends a ping'),
  silenceMs: row(15_000, 150, 3_600_000, 'ms', 'a link on which nothing was received for so long is closed with timeout'),
  idleMs: row(
    30_000,
    100,
    86_400_000,
    'ms',
    'a dialled link that is not held and that carried no application message for so long is closed',
  ),
  closeLingerMs: row(1_000, 0, 10_000, 'ms', 'a closing link whose goodbye was not written by then is cut'),
  handshakeBytesMax: row(4_096, 512, 65_535, 'bytes', 'a larger handshake message closes the link'),
  // Dials
  dialsMax: row(16, 1, 1_024, 'count', 'further dials wait in the dial queue'),
  dialQueueMax: row(1_024, 1, 1_048_576, 'count', 'connect fails with LIMIT_EXCEEDED'),
  addressLookupMs: row(5_000, 1, 3_600_000, 'ms', 'connect(nodeId) goes on without the address sources that have not settled'),
  addressesPerDialMax: row(16, 1, 256, 'count', 'further addresses of the same node are not tried'),
  backoffMinMs: row(1_000, 1, 600_000, 'ms', 'the first wait before a kept address is dialled again'),
  backoffMaxMs: row(60_000, 1, 86_400_000, 'ms', 'the longest such wait'),
  stableUptimeMs: row(15_000, 0, 3_600_000, 'ms', 'a link that lived so long resets the wait'),
  // Behaviours
  faultsPerMinute: row(10, 1, 10_000, 'per minute', 'the behaviour is stopped'),
  queuesPerOwnerMax: row(16, 1, 4_096, 'count', 'agent.queue() throws LIMIT_EXCEEDED; an owner is a behaviour, or one of its handlers'),
  timersPerBehaviorMax: row(65_536, 1, 1_048_576, 'count', 'after() throws LIMIT_EXCEEDED'),
  servicesHistoryMs: row(
    60_000,
    1_000,
    600_000,
    'ms',
    'a services broadcast that was seen so long ago is forgotten; for half as long none is',
  ),
  servicesHistoryMax: row(65_536, 16, 1_048_576, 'count', 'of the broadcasts of all services the older half is forgotten'),
  serviceStreamsMax: row(
    4_096,
    16,
    1_048_576,
    'count',
    'the stream to a service that was used longest ago may go on with another provider',
  ),
  slowCallbackMs: row(1_000, 1, 600_000, 'ms', 'a log line names the callback that held the loop for so long'),
  stopTimeoutMs: row(1_500, 0, 60_000, 'ms', 'stop() no longer waits for goodbyes'),
  // Values and visibility
  valueDepthMax: row(
    16,
    1,
    16,
    'count',
    'encoding throws CODEC_UNENCODABLE; a value of a remote that is nested deeper is refused before it is decoded',
  ),
  valueItemsMax: row(65_536, 16, 1_048_576, 'count', 'as valueDepthMax; keys count too'),
  metricSeriesMax: row(
    1_000,
    16,
    100_000,
    'count',
    'a further metric counts for its owner but is not in the snapshot; metrics_refused_total moves',
  ),
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
