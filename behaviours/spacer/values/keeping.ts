/**
 * @module Keeping: the side that keeps records for others: it answers finds and stores, and saves what it keeps, so that it has it again after a
 * restart, also after a crash. A store is taken only with the token of a find before, from a source that has room left, and only if the record proves itself.
 */
import { type BehaviorAgent, ByteReader, ByteWriter, type NodeId, nodeIdToBytes, type Storage, WakeTimer } from '../../../core/index.js';
import { equalBytes } from '../../../core/structures/bytes.js';
import { hexOf } from '../../../core/structures/hex.js';
import { readId } from '../messages.js';
import type { Asker, Served } from '../query/serving.js';
import { readStore, STORE_RESULTS, type Store, type StoreResult, TOKEN_BYTES, writeFound } from './messages.js';
import { RecordStore } from './record-store.js';
import { type RecordPorts, readRecord, type SoundRecord } from './records.js';

/** A token is good for this time at least, and for twice as long at most. */
const TOKEN_MS = 300_000;
const FILE = 'spacer-records';
/** What has changed is saved so often, and what is over is forgotten. */
const SAVE_MS = 300_000;
const MALFORMED: Served = { code: 'malformed' };

export class Keeping {
  readonly store = new RecordStore();
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.look(agent));
  private secret = '';
  /** Since it was saved. */
  private isChanged = false;

  constructor(
    private readonly ports: RecordPorts,
    private readonly storage: Storage,
    private readonly nodesFor: (writer: ByteWriter, key: NodeId, asker: Asker) => ByteWriter,
  ) {}

  start(agent: BehaviorAgent): void {
    this.secret = hexOf(agent.random.bytes(32));
    const bytes = this.saved(agent);
    if (bytes !== undefined) this.restore(agent, bytes);
    this.isChanged = false;
  }

  stop(agent: BehaviorAgent): void {
    this.timer.cancel();
    // Also where nothing has changed they have less time left.
    this.isChanged ||= this.store.size > 0;
    this.save(agent);
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
  keep(agent: BehaviorAgent, { key, record: bytes, ttlMs, expected }: Omit<Store, 'token'>, source: NodeId | undefined): StoreResult {
    const record = readRecord(this.ports, key, bytes);
    if (typeof record === 'string') return record;
    const refusal = this.store.put({ record, source, ttlMs, expected }, agent.nowMs);
    if (refusal !== undefined) return refusal;
    this.isChanged = true;
    this.timer.within(agent, SAVE_MS);
    return 'stored';
  }

  get(key: NodeId, nowMs: number): readonly SoundRecord[] {
    return this.store.get(key, nowMs);
  }

  private look(agent: BehaviorAgent): void {
    const { size } = this.store;
    this.store.expire(agent.nowMs);
    this.isChanged ||= this.store.size < size;
    this.save(agent);
    if (this.store.size > 0) this.timer.within(agent, SAVE_MS);
  }

  private saved({ log }: BehaviorAgent): Uint8Array | undefined {
    try {
      return this.storage.load(FILE);
    } catch (err) {
      log.warn({ err }, 'the records of the spacer could not be loaded');
      return undefined;
    }
  }

  private save({ nowMs, log }: BehaviorAgent): void {
    if (this.storage.isLasting === false || !this.isChanged) return;
    this.isChanged = false;
    const failed = (err: unknown) => {
      this.isChanged = true;
      log.warn({ err }, 'the records of the spacer could not be saved; it is tried again');
    };
    try {
      this.storage.save(FILE, this.toBytes(nowMs), (error) => error && failed(error));
    } catch (err) {
      failed(err);
    }
  }

  private toBytes(nowMs: number): Uint8Array {
    const writer = new ByteWriter();
    for (const { record, leftMs } of this.store.values(nowMs))
      writer
        .bytes(nodeIdToBytes(record.key))
        .u32(Math.ceil(leftMs / 1_000))
        .u16(record.bytes.length)
        .bytes(record.bytes);
    return writer.copy();
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
