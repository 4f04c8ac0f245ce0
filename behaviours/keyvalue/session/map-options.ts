/**
 * @module MapOptions: what `open` and the operations of a map take.
 */
import { NetworkError, type schema } from '../../../core/index.js';
import {
  callable,
  fallback,
  oneOf,
  optional,
  options,
  optionsReader,
  refined,
  signal,
  text,
  validator,
  whole,
} from '../../../core/schema/index.js';
import { KEY_BYTES_MAX, TTL_MS_MAX } from '../entries/entry.js';
import { isRevision, type Revision } from '../entries/revision.js';
import { NAME_BYTES_MAX } from '../messages.js';

/** `owner`: the owner alone holds it when it is acknowledged. `replica`: a replica, too. */
export type Acknowledge = 'owner' | 'replica';

/** What `open` takes. */
export interface MapOptions<V = unknown> {
  /** What values must be, checked before they are written and when they are read. */
  readonly schema?: schema.Validator<V>;
  /** Who holds a write before it is acknowledged. `replica` by default; on a single node only `owner` is possible. */
  readonly acknowledge?: Acknowledge;
  /** A write of this node that was acknowledged has lost against another one, of another side of a partition. */
  readonly onSuperseded?: (lost: LostWrite) => void;
}

/** A write that lost. */
export interface LostWrite {
  readonly key: string;
  readonly revision: Revision;
  /** What stands in its place. */
  readonly by: Revision;
}

/** What a read of a map takes. */
export interface ReadOptions {
  /** How long it may take. The behaviour's `timeoutMs` by default. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What a write to a map takes. */
export interface WriteOptions extends ReadOptions {
  /** The value is deleted after so long; 1 ms to a year. Never by default. */
  readonly ttlMs?: number;
  /** For this write. */
  readonly acknowledge?: Acknowledge;
}

const ACKNOWLEDGE = oneOf('owner', 'replica');
const READ = { timeoutMs: optional(whole(1, 600_000)), signal: optional(signal()) };

const readMap = optionsReader(
  'keyvalue: open',
  options({
    schema: optional(validator()),
    acknowledge: fallback(ACKNOWLEDGE, 'replica'),
    onSuperseded: optional(callable<(lost: LostWrite) => void>()),
  }),
);
const readRead = optionsReader('keyvalue', options(READ));
export const readEntriesOptions = optionsReader('keyvalue', options({ ...READ, prefix: fallback(text(256), '') }));
const NO_READ_OPTIONS = readRead({});
export const readWriteOptions = optionsReader(
  'keyvalue',
  options({ ...READ, ttlMs: optional(whole(1, TTL_MS_MAX)), acknowledge: optional(ACKNOWLEDGE) }),
);
export const readWatchOptions = optionsReader('keyvalue: watch', options({ patienceMs: fallback(whole(1_000, 86_400_000), 60_000) }));
export const readTarget = optionsReader(
  'keyvalue: watch',
  refined(
    options({ key: optional(text(KEY_BYTES_MAX, { min: 1 })), prefix: optional(text(KEY_BYTES_MAX)) }),
    'must have either key or prefix',
    ({ key, prefix }) => (key === undefined) !== (prefix === undefined),
  ),
  'ARGUMENT_INVALID',
);

/** Most reads are given none. */
export function readReadOptions(given?: ReadOptions): ReturnType<typeof readRead> {
  return given === undefined ? NO_READ_OPTIONS : readRead(given);
}

/** Options as they are read; the types are those that were given. */
export function readMapOptions<V>(given: MapOptions<V>): MapOptions<V> & { readonly acknowledge: Acknowledge } {
  return readMap(given) as MapOptions<V> & { readonly acknowledge: Acknowledge };
}

const SURROGATE = /\p{Surrogate}/u;
const BYTES = new TextEncoder();

export function requireName(name: unknown): void {
  requireText('open: name', name, NAME_BYTES_MAX);
}

export function requireKey(key: unknown): void {
  requireText('key', key, KEY_BYTES_MAX);
}

export function requireRevision(revision: unknown): void {
  if (revision !== undefined && !isRevision(revision)) throw new NetworkError('ARGUMENT_INVALID', 'keyvalue: expected is no revision');
}

function requireText(what: string, value: unknown, bytesMax: number): void {
  const isRight = typeof value === 'string' && value !== '' && !SURROGATE.test(value) && isWithin(value, bytesMax);
  if (!isRight) throw new NetworkError('ARGUMENT_INVALID', `keyvalue: ${what} must be a text of 1 to ${bytesMax} bytes`);
}

/** A character takes three bytes at most, so that most texts need not be encoded to know. */
function isWithin(text: string, bytesMax: number): boolean {
  return 3 * text.length <= bytesMax || BYTES.encode(text).length <= bytesMax;
}
