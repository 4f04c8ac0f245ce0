/**
 * @module Messages of the address book: their form on the wire, as CBOR maps, and the check of everything that a remote sent. Bytes,
 * numbers and texts only: whether a record is genuine or an address acceptable is decided elsewhere. Unknown fields are ignored; what is
 * wrong is a value, never an exception.
 *
 * | type | fields |
 * |---|---|
 * | 1 news | `records`, `ages`? (of each, in seconds; 0 where it is left out), `hints`?, `answer`? (true: they were asked for, and are not passed on), `last`? (true: this ends the answer) |
 * | 2 digest | `salt`, `buckets` (256 bytes): what the sender has |
 * | 3 have | `buckets` (a bit for each in which both differ), `marks`: what the sender has in those |
 * | 4 want | `marks`: what the sender lacks |
 * | 5 remove | `nodes`: the sender takes its hints about them back |
 *
 * A mark is 6 bytes; lists of marks and of node ids are one byte string. A hint is `[node id, [address, …]]`.
 */
import { type NodeId, nodeIdFromBytes, nodeIdToBytes } from '../../../core/index.js';
import {
  boolean,
  byField,
  bytes,
  fallback,
  fields,
  list,
  mapped,
  messageReader,
  parsed,
  text,
  tuple,
  whole,
} from '../../../core/schema/index.js';
import { readU48, writeU48 } from '../../../core/structures/bytes.js';
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
  /** How old each of them is, in seconds; absent: just signed. */
  readonly ages?: readonly number[];
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
/** Nothing is kept for so long. */
const AGE_MAX_S = 86_400;

type Fields = Readonly<Record<string, unknown>>;

/** A signed record, as bytes. */
export const RECORD = bytes(0, RECORD_LIMITS.bytesMax);
export const SALT = whole(0, 2 ** 32 - 1);
export const BUCKETS = bytes(DIGEST_BYTES);
export const FLAG = fallback(boolean, false);

const HINT = mapped(
  tuple(bytes(ID_BYTES), list(text(RECORD_LIMITS.addressCharactersMax), MESSAGE_LIMITS.hintAddressesMax)),
  ([id, addresses]): Hint => ({ nodeId: nodeIdFromBytes(id), addresses }),
);
const NEWS_BODY = fields({
  records: list(RECORD, MESSAGE_LIMITS.recordsMax),
  ages: fallback(list(whole(0, AGE_MAX_S), MESSAGE_LIMITS.recordsMax), []),
  hints: fallback(list(HINT, MESSAGE_LIMITS.hintsMax), []),
  answer: FLAG,
  last: FLAG,
});

const BODY = byField(
  'type',
  {
    [NEWS]: mapped(NEWS_BODY, ({ records, ages, hints, answer, last }): BookMessage => {
      return { type: 'news', records, ...(ages.length > 0 && { ages }), hints, isAnswer: answer, isLast: last };
    }),
    [DIGEST]: mapped(fields({ salt: SALT, buckets: BUCKETS }), (body): BookMessage => ({ type: 'digest', ...body })),
    [HAVE]: mapped(
      fields({ buckets: bytes(BITMAP_BYTES), marks: marks(MESSAGE_LIMITS.haveMarksMax) }),
      (body): BookMessage => ({ type: 'have', ...body }),
    ),
    [WANT]: mapped(fields({ marks: marks(MESSAGE_LIMITS.wantMarksMax) }), (body): BookMessage => ({ type: 'want', ...body })),
    [REMOVE]: mapped(fields({ nodes: items(ID_BYTES, MESSAGE_LIMITS.removeMax, nodeIdFromBytes) }), ({ nodes }): BookMessage => {
      return { type: 'remove', nodeIds: nodes };
    }),
  },
  'unknown' as const,
);

/** Reads a decoded value of any type; `undefined` when it is malformed, `unknown` for a type of a later version. Never throws. */
export const fromWire = messageReader(BODY);

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

function newsToWire({ records, ages = [], hints, isAnswer, isLast }: NewsMessage): Fields {
  return {
    ...{ type: NEWS, records },
    ...(ages.some((age) => age > 0) && { ages }),
    ...(hints.length > 0 && { hints: hints.map(({ nodeId, addresses }) => [nodeIdToBytes(nodeId), addresses]) }),
    ...(isAnswer && { answer: true }),
    ...(isLast && { last: true }),
  };
}

function marks(countMax: number) {
  return items(MARK_BYTES, countMax, readU48);
}

/** Items of a fixed size, in one byte string. */
function items<T>(size: number, countMax: number, read: (bytes: Uint8Array, at: number) => T) {
  return parsed(`up to ${countMax} times ${size} bytes`, (value) => {
    if (!(value instanceof Uint8Array) || value.length % size !== 0 || value.length > size * countMax) return undefined;
    return Array.from({ length: value.length / size }, (_, index) => read(value, size * index)) as readonly T[];
  });
}

function marksToBytes(marks: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(MARK_BYTES * marks.length);
  for (let index = 0; index < marks.length; index++) writeU48(bytes, MARK_BYTES * index, marks[index] as number);
  return bytes;
}

function idsToBytes(nodeIds: readonly NodeId[]): Uint8Array {
  const bytes = new Uint8Array(ID_BYTES * nodeIds.length);
  for (const [index, nodeId] of nodeIds.entries()) bytes.set(nodeIdToBytes(nodeId), ID_BYTES * index);
  return bytes;
}
