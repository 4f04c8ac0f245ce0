/**
 * @module Options of keyvalue, its bounds, and what it counts.
 */
import type { BehaviorLimits, LogStorage, NodeId } from '../../core/index.js';
import { callable, fallback, optional, options, optionsReader, parsed, whole } from '../../core/schema/index.js';
import { HOLDERS_MAX } from './messages.js';

/** Options of `KeyValueBehavior`. */
export interface KeyValueOptions {
  /** Nodes that hold a map: its owner and the replicas. 3 by default; 1 to 7. The same on all nodes of a space. */
  readonly holders?: number;
  /** How long an operation may take that names no `timeoutMs`. 10,000 ms by default; 100 to 600,000. */
  readonly timeoutMs?: number;
  /**
   * Keys that this node owns, deleted ones of the last two hours included, over all maps. 65,536 by default. It holds four times as many for other
   * owners, and as many for each of its watches and calls of `entries`.
   */
  readonly keysMax?: number;
  /** The same in bytes, 256 for each key included. 268,435,456 by default. */
  readonly bytesMax?: number;
  /** Maps that others open at this node, as their owner; a quarter for each node. 1,024 by default; about 5 KiB each. It holds four times as many in all. */
  readonly mapsMax?: number;
  /** Watches that wait at this node, as an owner. 4,096 by default. */
  readonly watchesMax?: number;
  /** Where what this node holds is kept between its runs: `new FileLog(directory)` on Node. In memory by default. */
  readonly storage?: LogStorage;
  /** Whether a node may write a key. Asked at the owner, once for every write. All members of the space may by default. */
  readonly authorize?: (source: NodeId, map: string, key: string) => boolean;
}

export type KeyValueSettings = Required<Omit<KeyValueOptions, 'storage' | 'authorize'>> & Pick<KeyValueOptions, 'storage' | 'authorize'>;

const COUNT = whole(4, 16_777_216);
const storage = parsed<LogStorage>('a log: append, replay and compact', (value) => {
  const { append, replay, compact } = Object(value) as Partial<LogStorage>;
  return [append, replay, compact].every((method) => typeof method === 'function') ? (value as LogStorage) : undefined;
});
const OPTIONS = options({
  holders: fallback(whole(1, HOLDERS_MAX), 3),
  timeoutMs: fallback(whole(100, 600_000), 10_000),
  keysMax: fallback(COUNT, 65_536),
  bytesMax: fallback(whole(65_536, 17_179_869_184), 268_435_456),
  mapsMax: fallback(whole(1, 1_048_576), 1_024),
  watchesMax: fallback(whole(1, 1_048_576), 4_096),
  storage: optional(storage),
  authorize: optional(callable<NonNullable<KeyValueOptions['authorize']>>()),
});

/** Throws `OPTION_INVALID`, naming the options. */
export const readKeyValueOptions: (given: unknown) => KeyValueSettings = optionsReader('keyvalue', OPTIONS) as never;

/** Requests that a node serves at once. */
export const REQUEST_BOUNDS = { workPerNodeMax: 8_192, workPerRelayMax: 8_192, workMax: 65_536 };

/** What one source may have of `keysMax` and `bytesMax`. */
export const SOURCE_SHARE = 4;
/** What a node holds for others, in owners that are as full as they may be. */
export const HELD_SHARE = 4;

/** What `node.limits()` shows. */
export function limitsOf({ keysMax, bytesMax, mapsMax, watchesMax }: KeyValueSettings): BehaviorLimits {
  const refused = 'writes of further ones are refused with `LIMIT_EXCEEDED`, with which also watches and `entries` end that find more';
  return {
    keysMax: { value: keysMax, unit: 'count', atTheBound: refused },
    bytesMax: { value: bytesMax, unit: 'bytes', atTheBound: refused },
    mapsMax: { value: mapsMax, unit: 'count', atTheBound: 'further maps are refused with `LIMIT_EXCEEDED`' },
    watchesMax: { value: watchesMax, unit: 'count', atTheBound: 'further watches are refused with `LIMIT_EXCEEDED`' },
  };
}

/** What has happened since the start. Only ever rises. */
export class KeyValueCounters {
  /** Writes that this node stamped as an owner, expiries included. */
  writesStamped = 0;
  /** Writes that it answered with `NO_REPLICA`. */
  writesUnheld = 0;
  /** Writes over a bound, or that `authorize` refused. */
  writesRefused = 0;
  /** Reads that it answered as an owner. */
  readsAnswered = 0;
  /** Times that it became the owner of a map. */
  takeOvers = 0;
  /** Pushes of an owner that it took as a replica, and those of an earlier epoch that it refused. */
  pushesTaken = 0;
  pushesStale = 0;
  /** Entries that came by comparing ranges. */
  entriesPulled = 0;
  /** Writes of losing branches. */
  writesSuperseded = 0;
  /** Maps that were handed over to their owner, and are not held any more. */
  mapsHandedOver = 0;
  /** Entries for others that found no room here. */
  entriesUnheld = 0;
  /** Records that could not be kept in the log. */
  storageFailures = 0;
  /** Records of the log that have no form. */
  recordsDamaged = 0;
  requestsLost = 0;
  answersUnknown = 0;
  answersForeign = 0;
  requestsDuplicate = 0;
  requestsOverloaded = 0;
  answersResent = 0;
  answersLost = 0;
  /** Bodies that are no message of this service. */
  malformed = 0;
}
