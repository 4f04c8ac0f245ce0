/**
 * @module Values: what an application puts into the table and gets from it: values by their hash, values that it signs and may replace, and who
 * provides a key. What it has put is put again in time (`published.ts`), until it is withdrawn.
 */
import { type AwaitedWork, type BehaviorAgent, isNodeId, NetworkError, type NodeId } from '../../../core/index.js';
import { shown } from '../../../core/schema/index.js';
import type { Collect, Finder } from './finder.js';
import type { Keeping } from './keeping.js';
import { divided, joined, LARGE_BYTES_MAX, type PieceList, readList } from './pieces.js';
import type { Published, Reservation } from './published.js';
import { type PutOptions, readPutOptions, readSignedOptions } from './put-options.js';
import {
  immutableRecord,
  keyOfName,
  keyOfValue,
  mutableRecord,
  PROVIDER,
  providerRecord,
  RECORD_LIMITS,
  type RecordPorts,
  type RecordValue,
  type SoundRecord,
} from './records.js';
import type { Holder, Storing } from './storing.js';

/** What came of a put. */
export interface PutResult {
  readonly key: NodeId;
  /** Nodes that keep it by now. */
  readonly stored: number;
  /** Nodes that were asked to. */
  readonly asked: number;
  /** The number of a signed value; 0 for others. */
  readonly seq: number;
}

export interface ValuesParts {
  readonly self: NodeId;
  readonly ports: RecordPorts;
  readonly finder: Finder;
  readonly storing: Storing;
  readonly published: Published;
  /** The records that this node keeps for others. */
  readonly keeping: Keeping;
  act<T>(work: (agent: BehaviorAgent) => T): T;
  readonly awaited: AwaitedWork;
}

const TTL_MS = 3_600_000;
const CACHE_MS = 600_000;
/** Who has found a provider, and fewer than enough, waits so long for more. */
const GRACE_MS = 2_000;
/** Pieces of one value that are put, or looked for, at once. */
const PIECES_AT_ONCE = 4;

/** What the table of a space keeps for this node. */
export class Values {
  constructor(private readonly parts: ValuesParts) {}

  /** Records. */
  get publishedCount(): number {
    return this.parts.published.size;
  }

  /** Puts a value of at most 31,000 bytes, beyond 1,000 in pieces; its key is its hash, or that of the list of its pieces, in this space. */
  async put(value: Uint8Array, options: PutOptions = {}): Promise<PutResult> {
    return this.parts.awaited(async () => {
      requireValue('put', value);
      readPutOptions(options);
      const { ports } = this.parts;
      const { content, pieces } = divided(ports, value);
      const key = keyOfValue(ports, content);
      return this.publish(`value/${key}`, { key, record: immutableRecord(content), pieces, options });
    });
  }

  /** The value of a key; `undefined` when those closest to the key have none. Rejects with `VALUE_INCOMPLETE` when a piece is missing. */
  async get(key: NodeId): Promise<Uint8Array | undefined> {
    return this.parts.awaited(async () => {
      requireKey('get', key);
      const record = await this.record(key);
      return record && this.whole(record);
    });
  }

  /**
   * Puts a value that this node signs, under a name, in place of the last one. `expected`: only if the last one has this number, 0: only if there is none; else
   * rejects with `VALUE_CHANGED`.
   */
  async putSigned(name: string, value: Uint8Array, options: PutOptions & { readonly expected?: number } = {}): Promise<PutResult> {
    return this.parts.awaited(async () => {
      requireValue('putSigned', value);
      requireName('putSigned', name);
      readSignedOptions(options);
      const { self, ports } = this.parts;
      const key = keyOfName(ports, self, name);
      const { expected } = options;
      const last = await this.latest(key, self);
      const seq = last?.seq ?? 0;
      if (expected !== undefined && expected !== seq)
        throw new NetworkError('VALUE_CHANGED', `the value has the number ${seq}, not ${expected}`, { details: { key, seq, expected } });
      const { content, pieces } = divided(ports, value);
      const record = mutableRecord(ports, name, seq + 1, content);
      return this.publish(`name/${key}`, { key, record, pieces, seq: seq + 1, options: { ...options, expected: seq } });
    });
  }

  /** The latest value that a node has signed under a name, with its number; `undefined` when there is none. Rejects with `VALUE_INCOMPLETE` as `get`. */
  async getSigned(author: NodeId, name: string): Promise<{ readonly value: Uint8Array; readonly seq: number } | undefined> {
    return this.parts.awaited(async () => {
      requireName('getSigned', name);
      requireKey('getSigned', author, 'author');
      const record = await this.latest(keyOfName(this.parts.ports, author, name), author);
      return record && { value: await this.whole(record), seq: record.seq };
    });
  }

  /** Says that this node provides a key, until `unprovide`. */
  async provide(key: NodeId, options: PutOptions = {}): Promise<PutResult> {
    return this.parts.awaited(async () => {
      requireKey('provide', key);
      readPutOptions(options);
      const seq = this.parts.act(({ wallMs }) => Math.floor(wallMs));
      return this.publish(`provider/${key}`, { key, record: providerRecord(this.parts.ports, key, seq), pieces: [], options });
    });
  }

  /** It is not put again, and ends with its time. */
  unprovide(key: NodeId): void {
    requireKey('unprovide', key);
    this.parts.published.delete(`provider/${key}`);
  }

  /**
   * Who provides a key. With `enough` it is not looked for much longer once some are found, nor for more than so many. `deadlineMs`: the option of the
   * spacer by default. What was found by then counts; with nothing it rejects with `LOOKUP_DEADLINE`.
   */
  async providers(key: NodeId, enough = Number.POSITIVE_INFINITY, deadlineMs?: number): Promise<readonly NodeId[]> {
    return this.parts.awaited(async () => {
      requireKey('providers', key);
      const found = new Set(providersIn(this.kept(key)));
      // One alone may have made up all that it has: with two of them it is enough.
      let sources = found.size > 0 ? 1 : 0;
      const collect: Collect = (records, lookup, nowMs) => {
        const named = providersIn(records);
        if (named.length > 0) sources++;
        for (const nodeId of named) found.add(nodeId);
        if (found.size >= enough && sources > 1) lookup.finish('done', nowMs);
        else if (named.length > 0 && enough !== Number.POSITIVE_INFINITY) lookup.doneBy(nowMs + GRACE_MS);
      };
      await this.parts.finder.find(key, collect, deadlineMs).catch((error) => {
        if (found.size === 0 || error.code !== 'LOOKUP_DEADLINE') throw error;
      });
      return [...found];
    });
  }

  private kept(key: NodeId): readonly SoundRecord[] {
    return this.parts.act(({ nowMs }) => this.parts.keeping.get(key, nowMs));
  }

  private async latest(key: NodeId, author: NodeId): Promise<SoundRecord | undefined> {
    const { records } = await this.parts.finder.find(key);
    const all = [...this.kept(key), ...records].filter((record) => record.author === author);
    return all.reduce<SoundRecord | undefined>((best, record) => (best === undefined || record.seq > best.seq ? record : best), undefined);
  }

  private async publish(id: string, publication: Publication): Promise<PutResult> {
    const reservation = this.parts.published.reserve(id, 1 + publication.pieces.length);
    try {
      return await this.putAll(reservation, publication);
    } finally {
      this.parts.published.release(reservation);
    }
  }

  /** The pieces first: who finds the list finds them. */
  private async putAll(reservation: Reservation, { key, record, pieces, seq = 0, options }: Publication): Promise<PutResult> {
    const { ports, act } = this.parts;
    const { ttlMs = TTL_MS } = options;
    const parts = pieces.map((piece) => ({ key: keyOfValue(ports, piece), record: immutableRecord(piece), ttlMs }));
    await inBatches(parts, async (part) => {
      const { holders } = await this.parts.finder.find(part.key);
      await this.parts.storing.at(part, holders, { ...(options.copies !== undefined && { copies: options.copies }) });
    });
    const { holders } = await this.parts.finder.find(key);
    const result = await this.parts.storing.at({ key, record, ttlMs }, holders, options);
    act((agent) => this.parts.published.set(agent, reservation, [{ key, record, ttlMs }, ...parts]));
    return { ...result, seq };
  }

  private async record(key: NodeId): Promise<SoundRecord | undefined> {
    const isValue = ({ author }: SoundRecord) => author === undefined;
    const own = this.kept(key).find(isValue);
    if (own !== undefined) return own;
    const { records, without } = await this.parts.finder.find(key, (sound, lookup, nowMs) => {
      if (sound.some(isValue)) lookup.finish('done', nowMs);
    });
    const record = records.find(isValue);
    if (record !== undefined && without[0] !== undefined) this.cache(record, without[0]);
    return record;
  }

  /** The value of a record, of pieces where it is large. */
  private async whole({ key, value, isList }: SoundRecord): Promise<Uint8Array> {
    if (!isList) return value;
    const list = readList(value);
    const pieces = list && (await inBatches(list.keys, (piece) => this.record(piece)));
    const missing = pieces?.filter((piece) => piece === undefined || piece.isList).length;
    const all = missing === 0 ? (pieces as readonly SoundRecord[]).map((piece) => piece.value) : [];
    const joint = missing === 0 ? joined(list as PieceList, all) : undefined;
    if (joint !== undefined) return joint;
    const why = list === undefined || missing === 0 ? 'its list is malformed' : `${missing} of ${list.keys.length} pieces were not found`;
    throw new NetworkError('VALUE_INCOMPLETE', `the value is incomplete: ${why}`, { details: { key } });
  }

  /** The closest node that had it not keeps it for a while: keys that many ask for are found sooner. */
  private cache({ key, bytes }: SoundRecord, holder: Holder): void {
    this.parts.storing.on(holder, { key, record: bytes, ttlMs: CACHE_MS, expected: undefined }, () => {});
  }
}

interface Publication {
  readonly key: NodeId;
  readonly record: Uint8Array;
  readonly pieces: readonly RecordValue[];
  readonly seq?: number;
  readonly options: PutOptions & { readonly expected?: number };
}

/** So many at once, batch after batch; the results in order. Ends with the first that fails. */
async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += PIECES_AT_ONCE)
    results.push(...(await Promise.all(items.slice(from, from + PIECES_AT_ONCE).map(work))));
  return results;
}

function providersIn(records: readonly SoundRecord[]): readonly NodeId[] {
  return records.flatMap(({ kind, author }) => (kind === PROVIDER && author !== undefined ? author : []));
}

function requireValue(method: string, value: Uint8Array): void {
  if (!(value instanceof Uint8Array)) throw invalid(method, 'value', shown(value), VALUE_DEMAND);
  if (value.length > LARGE_BYTES_MAX) throw invalid(method, 'value', `${value.length} bytes`, VALUE_DEMAND);
}

function requireKey(method: string, key: NodeId, name = 'key'): void {
  if (!isNodeId(key)) throw invalid(method, name, shown(key), name === 'key' ? KEY_DEMAND : 'a node id');
}

function requireName(method: string, name: string): void {
  if (typeof name !== 'string') throw invalid(method, 'name', shown(name), NAME_DEMAND);
  const { length } = new TextEncoder().encode(name);
  if (length > RECORD_LIMITS.nameBytesMax) throw invalid(method, 'name', `a text of ${length} bytes`, NAME_DEMAND);
}

const VALUE_DEMAND = `a Uint8Array of at most ${LARGE_BYTES_MAX} bytes`;
const KEY_DEMAND = '64 hexadecimal digits, as `put` and `keyOf` give them, or a node id';
const NAME_DEMAND = `a text of at most ${RECORD_LIMITS.nameBytesMax} bytes`;

function invalid(method: string, argument: string, given: string, demand: string): NetworkError {
  return new NetworkError('ARGUMENT_INVALID', `${method}: ${argument} is ${given}; it must be ${demand}`);
}
