/**
 * @module Keeping: the side that keeps records for others: it answers finds and stores, and saves what it keeps, so that it has it again after a
 * restart. A store is taken only with the token of a find before, from a source that has room left, and only if the record proves itself.
 */
import { type BehaviorAgent, ByteReader, ByteWriter, type NodeId, nodeIdToBytes, type Storage } from '../../../core/index.js';
import { equalBytes, hexOf } from '../../../core/structures/bytes.js';
import { readId } from '../messages.js';
import type { Asker, Served } from '../query/serving.js';
import { readStore, STORE_RESULTS, type Store, type StoreResult, TOKEN_BYTES, writeFound } from './messages.js';
import { RecordStore } from './record-store.js';
import { type RecordPorts, readRecord, type SoundRecord } from './records.js';

/** A token is good for this time at least, and for twice as long at most. */
const TOKEN_MS = 300_000;
const FILE = 'spacer-records';
const MALFORMED: Served = { code: 'malformed' };

export class Keeping {
  readonly store = new RecordStore();
  private secret = '';

  constructor(
    private readonly ports: RecordPorts,
    private readonly storage: Storage,
    private readonly nodesFor: (writer: ByteWriter, key: NodeId, asker: Asker) => ByteWriter,
  ) {}

  start(agent: BehaviorAgent): void {
    this.secret = hexOf(agent.random.bytes(32));
    const bytes = this.storage.load(FILE);
    if (bytes !== undefined) this.restore(agent, bytes);
  }

  stop({ nowMs }: BehaviorAgent): void {
    if (this.storage.isLasting === false) return;
    const writer = new ByteWriter();
    for (const { record, leftMs } of this.store.values(nowMs))
      writer
        .bytes(nodeIdToBytes(record.key))
        .u32(Math.ceil(leftMs / 1_000))
        .u16(record.bytes.length)
        .bytes(record.bytes);
    this.storage.save(FILE, writer.copy());
  }

  find({ nowMs }: BehaviorAgent, body: Uint8Array, asker: Asker): Served {
    const reader = new ByteReader(body);
    const key = readId(reader);
    if (!reader.isComplete) return MALFORMED;
    const records = this.store.get(key, nowMs).map(({ bytes }) => bytes);
    return { code: 'ok', body: writeFound(this.nodesFor(new ByteWriter(), key, asker), this.tokenOf(nowMs), records).copy() };
  }

  storeFor(agent: BehaviorAgent, body: Uint8Array, { nodeId }: Asker): Served {
    const wish = readStore(body);
    if (wish === undefined) return MALFORMED;
    const isMeant = [0, TOKEN_MS].some((ageMs) => equalBytes(wish.token, this.tokenOf(agent.nowMs - ageMs)));
    const result = isMeant ? this.keep(agent, wish, nodeId) : 'token';
    return { code: 'ok', body: Uint8Array.of(STORE_RESULTS.indexOf(result)) };
  }

  /** Keeps a record, whoever brings it; without a `source` it is one that this node had. */
  keep({ nowMs }: BehaviorAgent, { key, record: bytes, ttlMs, expected }: Omit<Store, 'token'>, source: NodeId | undefined): StoreResult {
    const record = readRecord(this.ports, key, bytes);
    if (typeof record === 'string') return record;
    return this.store.put({ record, source, ttlMs, expected }, nowMs) ?? 'stored';
  }

  get(key: NodeId, nowMs: number): readonly SoundRecord[] {
    return this.store.get(key, nowMs);
  }

  private tokenOf(nowMs: number): Uint8Array {
    const epoch = Math.floor(nowMs / TOKEN_MS);
    return this.ports.sealer.tag(`spacer/token/1:${this.secret}:${epoch}`).subarray(0, TOKEN_BYTES);
  }

  /** What is damaged is left out, as what a remote has sent. */
  private restore(agent: BehaviorAgent, bytes: Uint8Array): void {
    const reader = new ByteReader(bytes);
    while (!reader.hasFailed && reader.left > 0) {
      const key = readId(reader);
      const ttlMs = 1_000 * reader.u32();
      const record = reader.view(reader.u16());
      if (!reader.hasFailed) this.keep(agent, { key, record, ttlMs, expected: undefined }, undefined);
    }
  }
}
