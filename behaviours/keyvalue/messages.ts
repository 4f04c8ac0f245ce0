/**
 * @module Messages of the keyvalue service: what follows the heads of the exchange kit (`core/kits/exchange/messages.ts`). Requests begin with what
 * is asked (u8) and the name of the map (u16 length and UTF-8), answers with a status (u8). Big-endian; texts have a u16 length; a revision is
 * epoch u32, counter u48, instance 8 bytes; an entry is as in `entries/entry.ts`. Only their form is checked here.
 *
 *   1 get      u16 count, keys                                   0: u16 keys that were looked at, of each: u8 0 nothing, 1 a value, 2 it was
 *                                                                deleted, 3 nobody can say; for 1 and 2 revision, node id; for 1 u32 length, value
 *   2 write    flags u8, ttl u48 (ms, 0: none), writer instance, key, expected revision (of a comparison), value to the end
 *                                                                0: u8 1 written or 0 not equal, revision, u8 holders, u8 count, entry of now
 *   3 watch    flags u8, id, cursor: instance and u48; key or prefix
 *                                                                0: flags u8, instance, u48, u16 count, entries, u16 count, superseded writes
 *   4 ask      (of holders) what is held                         0: flags u8, epoch, u8 count, node ids, u8 has digests, 512 times u32
 *   5 keys     u16 count, ranges (u8), key after which in the first  0: u8 is more, u8 range of the last, u16 count, each key and revision
 *   6 fetch    u16 count, keys                                   0: u16 keys that were looked at, u16 count, entries
 *   7 push     epoch, instance, flags, digest, u8 count, node ids, u16 count, entries, u16 count, superseded
 *                                                                0: flags u8, u16 count, superseded
 *   8 offer    digest                                            0: u8 is taken
 *   9 notify   u16 count, superseded writes of the node asked    0
 */
import { ByteReader, ByteWriter, type NodeId, nodeIdFromBytes, nodeIdToBytes } from '../../core/index.js';
import { hexOf } from '../../core/structures/hex.js';
import { KEY_BYTES_MAX, readText, writeText } from './entries/entry.js';
import {
  NONE,
  REVISION_BYTES,
  type Revision,
  readInstance,
  readRevision,
  skipRevision,
  writeInstance,
  writeRevision,
} from './entries/revision.js';

export const GET = 1;
export const WRITE = 2;
export const WATCH = 3;
export const ASK = 4;
export const KEYS = 5;
export const FETCH = 6;
export const PUSH = 7;
export const OFFER = 8;
export const NOTIFY = 9;

export const NAME_BYTES_MAX = 128;
export const HOLDERS_MAX = 7;
/** Entries in one message end with the one that goes beyond so many bytes. */
export const PAGE_BYTES = 262_144;
export const PAGE_ITEMS = 4_096;

/** What an answer begins with. */
export const STATUS = {
  ok: 0,
  /** Followed by the node that owns the map, as this one knows, or this one itself: it does not know. */
  notOwner: 1,
  /** Followed by u8: the write stands at the owner, and may last. */
  noReplica: 2,
  /** Followed by u8 (which one), u48 current, u48 maximum. */
  limit: 3,
  denied: 4,
  malformed: 5,
  /** Of a push: a later epoch is known, which follows. */
  stale: 6,
  /** Of a watch: another request with its id has come. */
  replaced: 7,
  storageFailed: 8,
  overloaded: 9,
} as const;

/** Bounds by the number that stands for them in an answer. */
export const LIMIT_NAMES = ['keysMax', 'bytesMax', 'keysPerSourceMax', 'bytesPerSourceMax', 'mapsMax', 'watchesMax', 'epochsMax'] as const;
export type LimitNumber = 0 | 1 | 2 | 3 | 4 | 5 | 6;

export interface Request {
  readonly op: number;
  readonly map: string;
}

/** Reads the start of a request; the reader stands where its own fields begin. */
export function readRequest(reader: ByteReader): Request {
  const op = reader.u8();
  return { op, map: readText(reader, NAME_BYTES_MAX) };
}

export function writeRequest(writer: ByteWriter, { op, map }: Request): ByteWriter {
  writer.u8(op);
  writeText(writer, map);
  return writer;
}

export interface WriteFields {
  readonly isDelete: boolean;
  readonly isOwnerEnough: boolean;
  readonly ttlMs: number;
  readonly writer: string;
  readonly key: string;
  /** Absent: whatever is there. `NONE`: nothing is. */
  readonly expected: Revision | undefined;
  readonly value: Uint8Array;
}

const IS_DELETE = 1;
const IS_COMPARED = 2;
const IS_OWNER_ENOUGH = 4;

export function putWrite(writer: ByteWriter, fields: WriteFields): void {
  const { isDelete, isOwnerEnough, ttlMs, writer: instance, key, expected, value } = fields;
  writer.u8((isDelete ? IS_DELETE : 0) + (expected === undefined ? 0 : IS_COMPARED) + (isOwnerEnough ? IS_OWNER_ENOUGH : 0)).u48(ttlMs);
  writeInstance(writer, instance);
  writeText(writer, key);
  if (expected !== undefined) writeRevision(writer, expected);
  writer.bytes(value);
}

export function takeWrite(reader: ByteReader): WriteFields {
  const flags = reader.u8();
  const ttlMs = reader.u48();
  const writer = readInstance(reader);
  const key = readText(reader, KEY_BYTES_MAX);
  const expected = (flags & IS_COMPARED) === 0 ? undefined : readRevision(reader);
  const value = reader.copy(reader.left);
  if (key === '' || flags > 7) reader.fail();
  return { isDelete: (flags & IS_DELETE) !== 0, isOwnerEnough: (flags & IS_OWNER_ENOUGH) !== 0, ttlMs, writer, key, expected, value };
}

/** Keys that one request reads. */
export const READS_MAX = 256;

/** What a read finds: who wrote what; `value` is absent of what was deleted. */
export interface Found {
  readonly revision: Revision;
  readonly source: NodeId;
  readonly value: Uint8Array | undefined;
}

/** What was not deleted. */
export type FoundValue = Found & { readonly value: Uint8Array };

/** The same where it lies in the answer, as long as that is valid: most readers want its value alone. */
export class FoundIn implements Found {
  constructor(
    readonly bytes: Uint8Array,
    readonly revisionAt: number,
    private readonly end: number,
    private readonly hasValue: boolean,
  ) {}

  get revision(): Revision {
    return hexOf(this.bytes, this.revisionAt, REVISION_BYTES);
  }

  get source(): NodeId {
    return hexOf(this.bytes, this.sourceAt, SOURCE_BYTES) as NodeId;
  }

  get value(): Uint8Array | undefined {
    return this.hasValue ? this.bytes.subarray(this.sourceAt + SOURCE_BYTES + LENGTH_BYTES, this.end) : undefined;
  }

  private get sourceAt(): number {
    return this.revisionAt + REVISION_BYTES;
  }
}

const SOURCE_BYTES = 32;
const LENGTH_BYTES = 4;

const NOTHING = 0;
const VALUE = 1;
const DELETED = 2;
const UNKNOWN = 3;

/** `undefined`: there is nothing. `unknown`: no holder that is not new can say so. */
export type Answer = Found | undefined | 'unknown';

export function putAnswer(writer: ByteWriter, answer: Answer): void {
  if (answer === undefined || answer === 'unknown') return void writer.u8(answer === undefined ? NOTHING : UNKNOWN);
  const { revision, source, value } = answer;
  writer.u8(value === undefined ? DELETED : VALUE);
  writeRevision(writer, revision);
  writer.hex(source);
  if (value !== undefined) writer.u32(value.length).bytes(value);
}

export function takeAnswer(reader: ByteReader): FoundIn | undefined | 'unknown' {
  const kind = reader.u8();
  if (kind === NOTHING) return undefined;
  if (kind === UNKNOWN) return 'unknown';
  if (kind > UNKNOWN) reader.fail();
  const revisionAt = skipRevision(reader);
  reader.skip(SOURCE_BYTES);
  if (kind === VALUE) reader.skip(reader.u32());
  return new FoundIn(reader.bytes, revisionAt, reader.at, kind === VALUE);
}

/** A write of a branch that lost, for those who watch, and for its writer. */
export interface Superseded {
  readonly key: string;
  readonly revision: Revision;
  /** The revision that stands in its place. */
  readonly by: Revision;
  readonly source: NodeId;
  readonly writer: string;
}

const SUPERSEDED_MAX = 4_096;

export function writeSuperseded(writer: ByteWriter, all: readonly Superseded[]): void {
  writer.u16(all.length);
  for (const { key, revision, by, source, writer: instance } of all) {
    writeText(writer, key);
    writeRevision(writer, revision);
    writeRevision(writer, by);
    writer.bytes(nodeIdToBytes(source));
    writeInstance(writer, instance);
  }
}

export function readSuperseded(reader: ByteReader): Superseded[] {
  return readList(reader, SUPERSEDED_MAX, () => {
    const key = readText(reader, KEY_BYTES_MAX);
    const revision = readRevision(reader);
    const by = readRevision(reader);
    const source = readNode(reader);
    return { key, revision, by, source, writer: readInstance(reader) };
  });
}

/** As many as a u16 before them says. */
export function readList<T>(reader: ByteReader, max: number, readOne: () => T): T[] {
  const count = reader.u16();
  if (count > max) reader.fail();
  const items: T[] = [];
  for (let index = 0; index < count && !reader.hasFailed; index++) items.push(readOne());
  return items;
}

/** How many they are, and of them as many as a page holds. */
export function writePage<T>(writer: ByteWriter, items: readonly T[], writeOne: (item: T) => void): void {
  const countAt = writer.reserve(2);
  let count = 0;
  for (; count < items.length && writer.length < PAGE_BYTES; count++) writeOne(items[count] as T);
  writer.fill(countAt, () => writer.u16(count));
}

export function readNode(reader: ByteReader): NodeId {
  const bytes = reader.view(32);
  return bytes.length < 32 ? ('' as NodeId) : nodeIdFromBytes(bytes);
}

export function writeNodes(writer: ByteWriter, nodes: readonly NodeId[]): void {
  writer.u8(nodes.length);
  for (const node of nodes) writer.bytes(nodeIdToBytes(node));
}

export function readNodes(reader: ByteReader): NodeId[] {
  const count = reader.u8();
  if (count > HOLDERS_MAX) reader.fail();
  const nodes: NodeId[] = [];
  for (let index = 0; index < count && !reader.hasFailed; index++) nodes.push(readNode(reader));
  return nodes;
}

/** Where a watch stands: at the owner's instance, the number of the last change that it has. */
export interface Cursor {
  readonly instance: string;
  readonly arrival: number;
}

/** At no owner yet. */
export const NOWHERE: Cursor = { instance: NONE.slice(0, 16), arrival: 0 };

export interface WatchFields {
  /** Answered at once, with what there is. */
  readonly isOnce: boolean;
  /** Of one key alone; else of all that begin so. */
  readonly isKey: boolean;
  readonly id: string;
  readonly cursor: Cursor;
  readonly key: string;
}

export function putWatch(writer: ByteWriter, { isOnce, isKey, id, cursor, key }: WatchFields): void {
  writer.u8((isOnce ? 1 : 0) + (isKey ? 2 : 0));
  writeInstance(writer, id);
  writeInstance(writer, cursor.instance);
  writer.u48(cursor.arrival);
  writeText(writer, key);
}

export function takeWatch(reader: ByteReader): WatchFields {
  const flags = reader.u8();
  const id = readInstance(reader);
  const instance = readInstance(reader);
  const arrival = reader.u48();
  return { isOnce: (flags & 1) !== 0, isKey: (flags & 2) !== 0, id, cursor: { instance, arrival }, key: readText(reader, KEY_BYTES_MAX) };
}

/** A writer and a reader that are used again: what was written is valid until the next message. */
export const READER = () => new ByteReader(new Uint8Array(0));
export const WRITER = () => new ByteWriter();
