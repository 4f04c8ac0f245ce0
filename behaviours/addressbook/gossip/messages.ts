/**
 * @module Messages of the address book: their form on the wire, as CBOR maps, and the check of everything that a remote sent. Bytes,
 * numbers and texts only: whether a record is genuine or an address acceptable is decided elsewhere. Unknown fields are ignored; what is
 * wrong is a value, never an exception.
 *
 * | type | fields |
 * |---|---|
 * | 1 news | `records`, `hints`?, `answer`? (true: they were asked for, and are not passed on), `last`? (true: this ends the answer) |
 * | 2 digest | `salt`, `buckets` (256 bytes): what the sender has |
 * | 3 have | `buckets` (a bit for each in which both differ), `marks`: what the sender has in those |
 * | 4 want | `marks`: what the sender lacks |
 * | 5 remove | `nodes`: the sender takes its hints about them back |
 *
 * A mark is 6 bytes; lists of marks and of node ids are one byte string. A hint is `[node id, [address, …]]`.
 */
import { type NodeId, nodeIdFromBytes, nodeIdToBytes } from '../../../core/index.js';
import { RECORD_LIMITS } from '../book/record.js';
import { BITMAP_BYTES, DIGEST_BYTES } from './digest.js';

/** Bounds of one message. A remote that keeps each of them never reaches `messageBytesMax`. */
export const MESSAGE_LIMITS = {
  /** A longer message is malformed; it is not decoded. */
  messageBytesMax: 262_144,
  recordsMax: 64,
  /** This side begins another message when the records of one have so many bytes. */
  recordBytesMax: 49_152,
  hintsMax: 64,
  hintAddressesMax: 4,
  haveMarksMax: 16_384,
  wantMarksMax: 1_024,
  removeMax: 64,
} as const;

export interface Hint {
  readonly nodeId: NodeId;
  readonly addresses: readonly string[];
}

export interface NewsMessage {
  readonly type: 'news';
  readonly records: readonly Uint8Array[];
  readonly hints: readonly Hint[];
  readonly isAnswer: boolean;
  readonly isLast: boolean;
}

export interface DigestMessage {
  readonly type: 'digest';
  readonly salt: number;
  readonly buckets: Uint8Array;
}

export interface HaveMessage {
  readonly type: 'have';
  readonly buckets: Uint8Array;
  readonly marks: readonly number[];
}

export interface WantMessage {
  readonly type: 'want';
  readonly marks: readonly number[];
}

export interface RemoveMessage {
  readonly type: 'remove';
  readonly nodeIds: readonly NodeId[];
}

export type BookMessage = NewsMessage | DigestMessage | HaveMessage | WantMessage | RemoveMessage;

const NEWS = 1;
const DIGEST = 2;
const HAVE = 3;
const WANT = 4;
const REMOVE = 5;
const MARK_BYTES = 6;
const ID_BYTES = 32;
const TWO_TO_32 = 2 ** 32;

type Fields = Readonly<Record<string, unknown>>;

/** The message as a value for `send`. */
export function toWire(message: BookMessage): Fields {
  switch (message.type) {
    case 'news':
      return newsToWire(message);
    case 'digest':
      return { type: DIGEST, salt: message.salt, buckets: message.buckets };
    case 'have':
      return { type: HAVE, buckets: message.buckets, marks: marksToBytes(message.marks) };
    case 'want':
      return { type: WANT, marks: marksToBytes(message.marks) };
    case 'remove':
      return { type: REMOVE, nodes: idsToBytes(message.nodeIds) };
  }
}

/** Reads a decoded value of any type; `undefined` when it is malformed, `unknown` for a type of a later version. Never throws. */
export function fromWire(value: unknown): BookMessage | 'unknown' | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) return undefined;
  const fields = value as Fields;
  switch (fields['type']) {
    case NEWS:
      return readNews(fields);
    case DIGEST:
      return readDigest(fields);
    case HAVE:
      return readHave(fields);
    case WANT:
      return readWant(fields);
    case REMOVE:
      return readRemove(fields);
    default:
      return Number.isSafeInteger(fields['type']) ? 'unknown' : undefined;
  }
}

function newsToWire({ records, hints, isAnswer, isLast }: NewsMessage): Fields {
  return {
    ...{ type: NEWS, records },
    ...(hints.length > 0 && { hints: hints.map(({ nodeId, addresses }) => [nodeIdToBytes(nodeId), addresses]) }),
    ...(isAnswer && { answer: true }),
    ...(isLast && { last: true }),
  };
}

function readNews({ records, hints = [], answer = false, last = false }: Fields): NewsMessage | undefined {
  const { recordsMax, hintsMax } = MESSAGE_LIMITS;
  if (!isList(records, recordsMax, isRecord) || !isList(hints, hintsMax, isHint)) return undefined;
  if (typeof answer !== 'boolean' || typeof last !== 'boolean') return undefined;
  const read = hints.map(([id, addresses]) => ({ nodeId: nodeIdFromBytes(id), addresses }));
  return { type: 'news', records, hints: read, isAnswer: answer, isLast: last };
}

function readDigest({ salt, buckets }: Fields): DigestMessage | undefined {
  const isSalt = Number.isSafeInteger(salt) && (salt as number) >= 0 && (salt as number) < TWO_TO_32;
  return isSalt && isBytes(buckets, DIGEST_BYTES) ? { type: 'digest', salt: salt as number, buckets } : undefined;
}

function readHave({ buckets, marks }: Fields): HaveMessage | undefined {
  const read = marksFromBytes(marks, MESSAGE_LIMITS.haveMarksMax);
  return read !== undefined && isBytes(buckets, BITMAP_BYTES) ? { type: 'have', buckets, marks: read } : undefined;
}

function readWant({ marks }: Fields): WantMessage | undefined {
  const read = marksFromBytes(marks, MESSAGE_LIMITS.wantMarksMax);
  return read && { type: 'want', marks: read };
}

function readRemove({ nodes }: Fields): RemoveMessage | undefined {
  if (!(nodes instanceof Uint8Array) || nodes.length % ID_BYTES !== 0 || nodes.length > ID_BYTES * MESSAGE_LIMITS.removeMax)
    return undefined;
  const nodeIds = Array.from({ length: nodes.length / ID_BYTES }, (_, index) => nodeIdFromBytes(nodes, ID_BYTES * index));
  return { type: 'remove', nodeIds };
}

function marksToBytes(marks: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(MARK_BYTES * marks.length);
  const view = new DataView(bytes.buffer);
  marks.forEach((mark, index) => {
    view.setUint16(MARK_BYTES * index, Math.floor(mark / TWO_TO_32));
    view.setUint32(MARK_BYTES * index + 2, mark % TWO_TO_32);
  });
  return bytes;
}

function marksFromBytes(value: unknown, countMax: number): number[] | undefined {
  if (!(value instanceof Uint8Array) || value.length % MARK_BYTES !== 0 || value.length > MARK_BYTES * countMax) return undefined;
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  const markAt = (offset: number) => view.getUint16(offset) * TWO_TO_32 + view.getUint32(offset + 2);
  return Array.from({ length: value.length / MARK_BYTES }, (_, index) => markAt(MARK_BYTES * index));
}

function idsToBytes(nodeIds: readonly NodeId[]): Uint8Array {
  const bytes = new Uint8Array(ID_BYTES * nodeIds.length);
  for (const [index, nodeId] of nodeIds.entries()) bytes.set(nodeIdToBytes(nodeId), ID_BYTES * index);
  return bytes;
}

function isRecord(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length <= RECORD_LIMITS.bytesMax;
}

function isHint(value: unknown): value is readonly [Uint8Array, readonly string[]] {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [id, addresses] = value as unknown[];
  return isBytes(id, ID_BYTES) && isList(addresses, MESSAGE_LIMITS.hintAddressesMax, isAddressText);
}

function isAddressText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= RECORD_LIMITS.addressCharactersMax;
}

function isBytes(value: unknown, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length;
}

function isList<T>(value: unknown, countMax: number, isItem: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.length <= countMax && value.every(isItem);
}
