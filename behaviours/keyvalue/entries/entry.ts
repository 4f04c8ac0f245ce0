/**
 * @module Entry: what is held of one key: its value, or that it was deleted, with the revision and what it follows. Never changed, only replaced.
 *
 * In a partition two owners may write the same key. When the branches meet, the higher revision wins; whether the other one was overwritten or
 * has lost is told by the lineage: of every branch whose write of this key it follows, the last one.
 */
import { type ByteReader, type ByteWriter, type NodeId, nodeIdFromBytes, nodeIdToBytes } from '../../../core/index.js';
import { branchOf, epochOf, NONE, type Revision, readInstance, readRevision, writeInstance, writeRevision } from './revision.js';

/** Bytes of a key in UTF-8, and of a value. */
export const KEY_BYTES_MAX = 256;
export const VALUE_BYTES_MAX = 65_536;
/** Branches that an entry remembers; older ones count as followed. */
export const LINEAGE_MAX = 8;
/** So long a deletion is remembered. */
export const TOMBSTONE_MS = 7_200_000;
/** The longest ttl: a year. */
export const TTL_MS_MAX = 31_536_000_000;
/** What an entry costs beside its key and its value. */
export const ENTRY_OVERHEAD_BYTES = 256;

export interface Entry {
  readonly key: string;
  /** Encoded; `undefined`: it was deleted. */
  readonly value: Uint8Array | undefined;
  readonly revision: Revision;
  /** The one that it replaced at its owner. */
  readonly previous: Revision;
  /** The last revision of each earlier branch that it follows, the newest first. */
  readonly lineage: readonly Revision[];
  /** The node that wrote it: behind a relay, as that claims. */
  readonly source: NodeId;
  /** The instance of that node. */
  readonly writer: string;
  /** It was deleted because its time was over. */
  readonly isExpired: boolean;
  /** When it expires, or, if it was deleted, is forgotten; `Infinity`: never. In the monotonic time of this node. */
  readonly dueMs: number;
}

/** Whether the write `revision` came before this one in the same history. */
export function follows({ revision: own, lineage }: Entry, revision: Revision): boolean {
  const branch = branchOf(revision);
  for (const one of [own, ...lineage]) if (branchOf(one) === branch) return revision <= one;
  const oldest = lineage[LINEAGE_MAX - 1];
  return oldest !== undefined && epochOf(revision) < epochOf(oldest);
}

/** The lineage of what follows all of these. */
export function lineageOf(before: Entry | undefined, also: readonly Revision[] = [], branch = ''): readonly Revision[] {
  if (before === undefined && also.length === 0) return [];
  const newest = new Map<string, Revision>();
  for (const revision of [...(before === undefined ? [] : [before.revision, ...before.lineage]), ...also]) {
    const own = branchOf(revision);
    if (revision !== NONE && own !== branch && revision > (newest.get(own) ?? NONE)) newest.set(own, revision);
  }
  return [...newest.values()].sort((one, other) => (one < other ? 1 : -1)).slice(0, LINEAGE_MAX);
}

const DELETED = 1;
const EXPIRED = 2;
const LIMITED = 4;

/** What is left of its time travels, not when that ends: clocks of nodes are not compared. */
export function writeEntry(writer: ByteWriter, entry: Entry, nowMs: number): void {
  const { key, value, revision, previous, lineage, source, writer: instance, isExpired, dueMs } = entry;
  const isLimited = dueMs !== Number.POSITIVE_INFINITY;
  writer.u8((value === undefined ? DELETED : 0) + (isExpired ? EXPIRED : 0) + (isLimited ? LIMITED : 0));
  writeText(writer, key);
  writeRevision(writer, revision);
  writeRevision(writer, previous);
  writer.u8(lineage.length);
  for (const one of lineage) writeRevision(writer, one);
  writer.bytes(nodeIdToBytes(source));
  writeInstance(writer, instance);
  if (isLimited) writer.u48(Math.max(0, Math.ceil(dueMs - nowMs)));
  if (value !== undefined) writer.u32(value.length).bytes(value);
}

/** Fails the reader for what is no entry. */
export function readEntry(reader: ByteReader, nowMs: number): Entry {
  const flags = reader.u8();
  const key = readText(reader, KEY_BYTES_MAX);
  const revision = readRevision(reader);
  const previous = readRevision(reader);
  const lineageCount = reader.u8();
  const lineage: Revision[] = [];
  for (let index = 0; index < lineageCount && !reader.hasFailed; index++) lineage.push(readRevision(reader));
  const source = reader.copy(32);
  const writer = readInstance(reader);
  const isDeleted = (flags & DELETED) !== 0;
  const isExpired = (flags & EXPIRED) !== 0;
  const leftMs = (flags & LIMITED) === 0 ? Number.POSITIVE_INFINITY : reader.u48();
  const valueLength = isDeleted ? 0 : reader.u32();
  if (valueLength > VALUE_BYTES_MAX) reader.fail();
  const value = isDeleted ? undefined : reader.copy(valueLength);
  const isBounded = leftMs <= (isDeleted ? TOMBSTONE_MS : TTL_MS_MAX) || (leftMs === Number.POSITIVE_INFINITY && !isDeleted);
  if (lineageCount > LINEAGE_MAX || flags > 7 || (isExpired && !isDeleted) || !isBounded || revision === NONE || key === '') reader.fail();
  const from = reader.hasFailed ? ('' as NodeId) : nodeIdFromBytes(source);
  return { key, value, revision, previous, lineage, source: from, writer, isExpired, dueMs: nowMs + leftMs };
}

/** A text of at most 65,535 bytes. */
export function writeText(writer: ByteWriter, text: string): void {
  const at = writer.reserve(2);
  writer.utf8(text);
  const { length } = writer;
  writer.length = at;
  writer.u16(length - at - 2);
  writer.length = length;
}

export function readText(reader: ByteReader, bytesMax: number): string {
  const length = reader.u16();
  if (length > bytesMax) reader.fail();
  return reader.utf8(reader.hasFailed ? 0 : length);
}
