/**
 * @module Values: what an application puts into the table and gets from it: values by their hash, values that it signs and may replace, and who
 * provides a key. What it has put is put again in time, region by region, until it is withdrawn.
 */
import { type BehaviorAgent, type ByteReader, NetworkError, type NodeId, WakeTimer } from '../../../core/index.js';
import type { FoundNode, Lookup } from '../lookup/lookup.js';
import type { RunningLookup } from '../lookup/lookups.js';
import { lookupError } from '../lookup/resolver.js';
import type { SpacerCounters } from '../options.js';
import { findBody, OP_FIND, readFound } from './messages.js';
import { type PutOptions, readPutOptions, readSignedOptions } from './put-options.js';
import { STORE_LIMITS } from './record-store.js';
import {
  immutableRecord,
  keyOfName,
  keyOfValue,
  mutableRecord,
  PROVIDER,
  providerRecord,
  RECORD_LIMITS,
  type RecordPorts,
  readRecord,
  type SoundRecord,
} from './records.js';
import { type Holder, type StoredRecord, Storing, type StoringParts } from './storing.js';
import { servedBy } from './sweep.js';

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

export interface ValuesParts extends StoringParts {
  readonly ports: RecordPorts;
  readonly counters: SpacerCounters;
}

const TTL_MS = 3_600_000;
/** Records of this node that are put again. */
export const PUBLISHED_MAX = 16_384;
/** Put again after this share of their time, and, where that failed or still goes on, after this one more. */
const RENEW_SHARE = 0.5;
const RETRY_SHARE = 0.125;
const CACHE_MS = 600_000;

interface Finding {
  readonly lookup: Lookup;
  readonly holders: readonly Holder[];
  readonly records: readonly SoundRecord[];
  /** Who answered and had none. */
  readonly without: readonly Holder[];
}

/** What the table of a space keeps for this node. */
export class Values {
  private readonly published = new Map<string, StoredRecord>();
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => void this.renew(agent));
  private isRenewing = false;

  private readonly storing: Storing;

  constructor(private readonly parts: ValuesParts) {
    this.storing = new Storing(parts);
  }

  get publishedCount(): number {
    return this.published.size;
  }

  /** Puts a value of at most 1,000 bytes; its key is its hash in this space. */
  async put(value: Uint8Array, options: PutOptions = {}): Promise<PutResult> {
    requireValue(value);
    readPutOptions(options);
    const key = keyOfValue(this.parts.ports, value);
    return this.publish(`value/${key}`, { key, record: immutableRecord(value), ttlMs: options.ttlMs ?? TTL_MS }, 0, options);
  }

  /** The value of a key; `undefined` when those closest to the key have none. */
  async get(key: NodeId): Promise<Uint8Array | undefined> {
    const own = this.kept(key).find(({ author }) => author === undefined);
    if (own !== undefined) return own.value;
    const { records, without } = await this.find(key, (record) => record.author === undefined);
    const [record] = records;
    if (record !== undefined && without[0] !== undefined) this.cache(record, without[0]);
    return record?.value;
  }

  /**
   * Puts a value that this node signs, under a name, in place of the last one. `expected`: only if the last one has this number, 0: only if there is none; else
   * rejects with `VALUE_CHANGED`.
   */
  async putSigned(name: string, value: Uint8Array, options: PutOptions & { readonly expected?: number } = {}): Promise<PutResult> {
    requireValue(value);
    requireName(name);
    readSignedOptions(options);
    const { self, ports } = this.parts;
    const key = keyOfName(ports, self, name);
    const { expected } = options;
    const last = await this.latest(key, self);
    const seq = last?.seq ?? 0;
    if (expected !== undefined && expected !== seq)
      throw new NetworkError('VALUE_CHANGED', `the value has the number ${seq}, not ${expected}`, { details: { key, seq, expected } });
    const record = mutableRecord(ports, name, seq + 1, value);
    return this.publish(`name/${key}`, { key, record, ttlMs: options.ttlMs ?? TTL_MS }, seq + 1, { ...options, expected: seq });
  }

  /** The latest value that a node has signed under a name, with its number; `undefined` when there is none. */
  async getSigned(author: NodeId, name: string): Promise<{ readonly value: Uint8Array; readonly seq: number } | undefined> {
    requireName(name);
    const record = await this.latest(keyOfName(this.parts.ports, author, name), author);
    return record && { value: record.value, seq: record.seq };
  }

  /** Says that this node provides a key, until `unprovide`. */
  async provide(key: NodeId, options: PutOptions = {}): Promise<PutResult> {
    readPutOptions(options);
    const seq = this.parts.act(({ wallMs }) => Math.floor(wallMs));
    return this.publish(
      `provider/${key}`,
      { key, record: providerRecord(this.parts.ports, key, seq), ttlMs: options.ttlMs ?? TTL_MS },
      0,
      options,
    );
  }

  /** It is not put again, and ends with its time. */
  unprovide(key: NodeId): void {
    this.published.delete(`provider/${key}`);
  }

  /** Who provides a key; with `enough`, it is not looked for more than so many. */
  async providers(key: NodeId, enough = Number.POSITIVE_INFINITY): Promise<readonly NodeId[]> {
    const found = new Set(providersIn(this.kept(key)));
    if (found.size >= enough) return [...found];
    const { records } = await this.find(key, (record) => {
      for (const nodeId of providersIn([record])) found.add(nodeId);
      return found.size >= enough;
    });
    return [...new Set([...found, ...providersIn(records)])];
  }

  /** Says once that this node provides a key, unless as many others do as are kept. For the spacer alone. */
  async announce(key: NodeId, ttlMs: number): Promise<void> {
    const { ports, self, act } = this.parts;
    const { records, holders } = await this.find(key);
    const providers = new Set(providersIn(records));
    if (providers.size >= STORE_LIMITS.providersPerKeyMax && !providers.has(self)) return;
    const seq = act(({ wallMs }) => Math.floor(wallMs));
    await this.storing.at({ key, record: providerRecord(ports, key, seq), ttlMs }, holders, { copies: 1 });
  }

  stop(): void {
    this.timer.cancel();
    this.published.clear();
  }

  private kept(key: NodeId): readonly SoundRecord[] {
    return this.parts.act(({ nowMs }) => this.parts.keeping.get(key, nowMs));
  }

  private async latest(key: NodeId, author: NodeId): Promise<SoundRecord | undefined> {
    const { records } = await this.find(key);
    const all = [...this.kept(key), ...records].filter((record) => record.author === author);
    return all.reduce<SoundRecord | undefined>((best, record) => (best === undefined || record.seq > best.seq ? record : best), undefined);
  }

  private async publish(
    id: string,
    published: StoredRecord,
    seq: number,
    options: PutOptions & { readonly expected?: number },
  ): Promise<PutResult> {
    if (this.published.size >= PUBLISHED_MAX && !this.published.has(id))
      throw new NetworkError('LIMIT_EXCEEDED', `this node has put ${PUBLISHED_MAX} records already`, {
        details: { maximum: PUBLISHED_MAX },
      });
    const finding = await this.find(published.key);
    const result = await this.storing.at(published, finding.holders, options);
    this.parts.act((agent) => this.timer.within(agent, published.ttlMs * RENEW_SHARE));
    this.published.set(id, published);
    return { ...result, seq };
  }

  /** Looks the key up, and collects what those who answer have. Ends early with the first record that is enough. */
  private find(key: NodeId, isEnough: (record: SoundRecord) => boolean = () => false): Promise<Finding> {
    const { lookups, ports, k, act } = this.parts;
    const holders: Holder[] = [];
    const without: Holder[] = [];
    const records: SoundRecord[] = [];
    const read = (agent: BehaviorAgent, reader: ByteReader, node: FoundNode, running: RunningLookup): boolean => {
      const found = readFound(reader);
      if (found === undefined) return false;
      const sound = found.records.flatMap((bytes) => readSound(ports, key, bytes));
      records.push(...sound);
      holders.push({ node, token: found.token });
      if (sound.length === 0) without.push({ node, token: found.token });
      if (sound.some(isEnough)) running.lookup.finish('done', agent.nowMs);
      return true;
    };
    return new Promise((resolve, reject) => {
      const settle = (_agent: BehaviorAgent, lookup: Lookup) => {
        const { end } = lookup;
        // Alone, this node keeps what it puts.
        if (end === 'done' || end === 'empty-table' || end === undefined) resolve({ lookup, holders, records, without });
        else reject(lookupError(lookup, end));
      };
      act((agent) => lookups.start(agent, { key, count: k, enough: k, question: { op: OP_FIND, body: findBody(key) }, read, settle }));
    });
  }

  /** The closest node that had it not keeps it for a while: keys that many ask for are found sooner. */
  private cache({ key, bytes }: SoundRecord, holder: Holder): void {
    this.storing.on(holder, { key, record: bytes, ttlMs: CACHE_MS, expected: undefined }, () => {});
  }

  /** Puts everything again, one region of keys after another. */
  private async renew(agent: BehaviorAgent): Promise<void> {
    const all = [...this.published.values()];
    if (all.length === 0) return;
    const shortestMs = Math.min(TTL_MS, ...all.map(({ ttlMs }) => ttlMs));
    if (this.isRenewing) return this.timer.within(agent, shortestMs * RETRY_SHARE);
    this.isRenewing = true;
    this.timer.within(agent, shortestMs * RENEW_SHARE);
    const isComplete = await this.putAgain(all).catch(() => false);
    this.isRenewing = false;
    if (isComplete) return;
    this.parts.counters.renewalsFailed++;
    // A node that has stopped puts nothing again.
    if (this.published.size > 0) this.parts.act((later) => this.timer.within(later, shortestMs * RETRY_SHARE));
  }

  /** False: not each was kept by somebody. */
  private async putAgain(all: readonly StoredRecord[]): Promise<boolean> {
    let isComplete = true;
    let keys: readonly NodeId[] = [...new Set(all.map(({ key }) => key))].sort();
    while (keys.length > 0) {
      const finding = await this.find(keys[0] as NodeId);
      const served = servedBy(
        keys,
        finding.lookup.closest().map(({ nodeId }) => nodeId),
      );
      const due = new Set(served);
      for (const published of all)
        if (due.has(published.key)) {
          const put = this.storing.at(published, finding.holders, { copies: 1 });
          // One that nobody keeps any more, such as one that was replaced, does not hold up the others.
          isComplete = (await put.then(isTrue, isFalse)) && isComplete;
        }
      keys = keys.slice(served.length);
    }
    return isComplete;
  }
}

function providersIn(records: readonly SoundRecord[]): readonly NodeId[] {
  return records.flatMap(({ kind, author }) => (kind === PROVIDER && author !== undefined ? author : []));
}

const isTrue = () => true;
const isFalse = () => false;

function readSound(ports: RecordPorts, key: NodeId, bytes: Uint8Array): readonly SoundRecord[] {
  const record = readRecord(ports, key, bytes);
  return typeof record === 'string' ? [] : [record];
}

function requireValue(value: Uint8Array): void {
  if (!(value instanceof Uint8Array) || value.length > RECORD_LIMITS.valueBytesMax)
    throw new NetworkError('ARGUMENT_INVALID', `a value is bytes, ${RECORD_LIMITS.valueBytesMax} at most`);
}

function requireName(name: string): void {
  if (typeof name !== 'string' || new TextEncoder().encode(name).length > RECORD_LIMITS.nameBytesMax)
    throw new NetworkError('ARGUMENT_INVALID', `a name is a text of at most ${RECORD_LIMITS.nameBytesMax} bytes`);
}
