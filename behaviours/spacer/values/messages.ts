/**
 * @module Messages about records, as bodies of questions (`../messages.ts`). Big-endian:
 *
 *   2 find    key (32 bytes); nodes, token (8 bytes), count u8, each record with its length u16
 *   3 store   key (32 bytes), token (8 bytes), ttl u32 in s, flag u8 (1: expected follows), expected u48, record; result u8
 */
import { ByteReader, ByteWriter, type NodeId, nodeIdToBytes } from '../../../core/index.js';
import { readId } from '../messages.js';

export const OP_FIND = 2;
export const OP_STORE = 3;
export const TOKEN_BYTES = 8;
/** Records that one answer has at most. */
export const RECORDS_MAX = 20;

/** What became of a record, by its number on the wire. `token`: a find comes first. */
export const STORE_RESULTS = ['stored', 'token', 'malformed', 'too-large', 'bad-signature', 'older', 'mismatch', 'full'] as const;
export type StoreResult = (typeof STORE_RESULTS)[number];

export interface Store {
  readonly key: NodeId;
  readonly token: Uint8Array;
  readonly ttlMs: number;
  readonly expected: number | undefined;
  readonly record: Uint8Array;
}

export function storeBody({ key, token, ttlMs, expected, record }: Store): Uint8Array {
  const writer = new ByteWriter()
    .bytes(nodeIdToBytes(key))
    .bytes(token)
    .u32(Math.ceil(ttlMs / 1_000));
  if (expected === undefined) writer.u8(0);
  else writer.u8(1).u48(expected);
  return writer.bytes(record).copy();
}

export function readStore(body: Uint8Array): Store | undefined {
  const reader = new ByteReader(body);
  const key = readId(reader);
  const token = reader.copy(TOKEN_BYTES);
  const ttlMs = 1_000 * reader.u32();
  const flag = reader.u8();
  const expected = flag === 1 ? reader.u48() : undefined;
  const record = reader.rest();
  return reader.hasFailed || flag > 1 ? undefined : { key, token, ttlMs, expected, record };
}

export function findBody(key: NodeId): Uint8Array {
  return nodeIdToBytes(key);
}

export function writeFound(writer: ByteWriter, token: Uint8Array, records: readonly Uint8Array[]): ByteWriter {
  const told = records.slice(0, RECORDS_MAX);
  writer.bytes(token).u8(told.length);
  for (const record of told) writer.u16(record.length).bytes(record);
  return writer;
}

export function readFound(reader: ByteReader): { readonly token: Uint8Array; readonly records: readonly Uint8Array[] } | undefined {
  const token = reader.copy(TOKEN_BYTES);
  const count = reader.u8();
  if (count > RECORDS_MAX) return undefined;
  const records = Array.from({ length: count }, () => reader.copy(reader.u16()));
  return reader.isComplete ? { token, records } : undefined;
}
