/**
 * @module BookFile: a book as bytes, for the storage and for people who move one. What is read may have been written by anybody: it passes
 * the same bounds and checks as what remotes send. Points of monotonic time, which mean nothing in another run, are kept as distances.
 *
 * CBOR of `{ version, seq, anchors, records, ages, entries }`; anchors are node ids; a record is in `records`, and its age in seconds in `ages`,
 * when it is all that is known of its node; entries are CBOR each, so that a broken one harms no other.
 */

import { refusalOf } from '../../../core/address/address-class.js';
import type { GroupOf } from '../../../core/address/address-group.js';
import {
  type Address,
  decodeValue,
  encodeValue,
  isNodeId,
  type NodeId,
  nodeIdFromBytes,
  nodeIdToBytes,
  type Signer,
  tryParseAddress,
} from '../../../core/index.js';
import { mapped, messageReader, number, fields as object, optional, refined, whole } from '../../../core/schema/index.js';
import { BOOK_LIMITS, type Book } from '../book/book.js';
import { ENTRY_LIMITS, type Entry, type Moment, type SignedBytes } from '../book/entry.js';
import { type AddressOrigin, type KnownAddress, knownAddress } from '../book/known-address.js';
import type { PeerRules } from '../book/peer-rules.js';
import { type AddressRecord, isExpired, isGenuine, RECORD_LIMITS, readRecord } from '../book/record.js';

export const BOOK_FILE_LIMITS = { bytesMax: 64 * 1024 * 1024, anchorsMax: 64, entryBytesMax: 16_384 } as const;

/** What a file has beside its entries. */
export interface BookFacts {
  /** The highest sequence number that this node has signed with. */
  readonly seq: number;
  /** Whom it was connected to by its own choice. */
  readonly anchors: readonly NodeId[];
}

const VERSION = 1;
const ID_BYTES = 32;
const ORIGINS: readonly AddressOrigin[] = ['hint', 'own', 'configured'];
const ENTRY_VALUE_LIMITS = { valueDepthMax: 4, valueItemsMax: 16 * (ENTRY_LIMITS.addressesMax + 2) };
const FILE_VALUE_LIMITS = { valueDepthMax: 3, valueItemsMax: 2 * BOOK_LIMITS.entriesMax + BOOK_FILE_LIMITS.anchorsMax + 64 };
/** No wait is longer. */
const WAIT_MAX_MS = 86_400_000;
const COUNT_MAX = 1_000_000_000;
/** With the bounds of the options. */
const readRules = messageReader(
  mapped(
    refined(
      object({
        minMs: number(1, WAIT_MAX_MS),
        maxMs: number(1_000, WAIT_MAX_MS),
        multiplier: number(0.1, 100),
        attemptsMax: optional(whole(0, 1_000_000)),
      }),
      'must not be less than minMs',
      ({ minMs, maxMs }) => minMs <= maxMs,
    ),
    ({ attemptsMax, ...backoff }): PeerRules => ({ attemptsMax, backoff }),
  ),
);

type Fields = Readonly<Record<string, unknown>>;

/** What is restored, and what that takes. */
interface Restorer {
  readonly book: Book;
  readonly groupOf: GroupOf;
  readonly signer: Signer;
  readonly now: Moment;
}

/** Everything but hints, which others will give again. */
export function bookToBytes(book: Book, facts: BookFacts, now: Moment): Uint8Array {
  const kept = [...book.values()].filter(({ record, isProven, isPersistent }) => record !== undefined || isProven || isPersistent);
  const plain = kept.filter(({ isPlain }) => isPlain).map(({ record }) => record as SignedBytes);
  const records = plain.map(({ bytes }) => bytes);
  const ages = plain.map((record) => ageOf(record, now));
  const entries = kept.filter(({ isPlain }) => !isPlain).map((entry) => encodeValue(entryToFields(entry, now)));
  const anchors = facts.anchors.slice(0, BOOK_FILE_LIMITS.anchorsMax).map(nodeIdToBytes);
  return encodeValue({ version: VERSION, seq: facts.seq, anchors, records, ages, entries }, FILE_VALUE_LIMITS);
}

/** Takes what is sound into the book and returns the rest of the file; `undefined` when the bytes are not a book. */
export function bookFromBytes(bytes: Uint8Array, book: Book, groupOf: GroupOf, signer: Signer, now: Moment): BookFacts | undefined {
  const value = bytes.length <= BOOK_FILE_LIMITS.bytesMax ? decodeValue(bytes, FILE_VALUE_LIMITS)?.value : undefined;
  if (!isFields(value) || value['version'] !== VERSION) return undefined;
  const restorer: Restorer = { book, groupOf, signer, now };
  for (const entryBytes of bytesIn(value['entries'], BOOK_LIMITS.entriesMax)) {
    const isShort = entryBytes.length <= BOOK_FILE_LIMITS.entryBytesMax;
    const fields = isShort ? decodeValue(entryBytes, ENTRY_VALUE_LIMITS)?.value : undefined;
    if (isFields(fields)) restoreEntry(fields, restorer);
  }
  const ages = Array.isArray(value['ages']) ? (value['ages'] as unknown[]) : [];
  for (const [index, recordBytes] of bytesIn(value['records'], BOOK_LIMITS.entriesMax).entries())
    restorePlain(recordBytes, bornMsOf(ages[index], now), restorer);
  const anchors = bytesIn(value['anchors'], BOOK_FILE_LIMITS.anchorsMax).map(nodeIdOf);
  return { seq: Math.floor(numberOf(value['seq'], Number.MAX_SAFE_INTEGER)), anchors: anchors.filter((id) => id !== undefined) };
}

function entryToFields({ nodeId, record, metMs, isPersistent, isPassive, rules, doubt, addresses }: Entry, { nowMs }: Moment): Fields {
  return {
    ...{ id: nodeIdToBytes(nodeId), doubt, addresses: addresses.map((known) => addressToFields(known, nowMs)) },
    ...(record && { record: record.bytes, age: ageOf(record, { nowMs }) }),
    ...(metMs !== undefined && { ago: Math.max(0, nowMs - metMs) }),
    ...(isPersistent && { persistent: true }),
    ...(isPassive && { passive: true }),
    ...(rules && { rules: { ...rules.backoff, ...(rules.attemptsMax !== undefined && { attemptsMax: rules.attemptsMax }) } }),
  };
}

function addressToFields(
  { text, origin, attempts, failures, succeededMs, backoffMs, dueMs, isWrong }: KnownAddress,
  nowMs: number,
): Fields {
  return {
    ...{ text, origin: ORIGINS.indexOf(origin), attempts, failures, backoff: backoffMs, wait: Math.max(0, dueMs - nowMs) },
    ...(succeededMs !== undefined && { succeeded: succeededMs }),
    ...(isWrong && { wrong: true }),
  };
}

function restorePlain(bytes: Uint8Array, bornMs: number, { book, groupOf, signer, now }: Restorer): void {
  const record = soundRecord(bytes, bornMs, signer, now);
  const addresses = record?.addresses.filter((address) => refusalOf(address, 'loopback') === undefined) ?? [];
  if (record === undefined || addresses.length === 0) return;
  const entry = book.newEntry(record.nodeId);
  entry.restate(addresses, groupOf);
  book.restore(entry, record, bornMs);
}

function restoreEntry(fields: Fields, { book, groupOf, signer, now }: Restorer): void {
  const nodeId = nodeIdOf(fields['id']);
  if (nodeId === undefined || !Array.isArray(fields['addresses'])) return;
  const entry = book.newEntry(nodeId);
  entry.isPersistent = fields['persistent'] === true;
  entry.isPassive = entry.isPersistent && fields['passive'] === true;
  entry.rules = entry.isPersistent ? readRules(fields['rules']) : undefined;
  entry.doubt = numberOf(fields['doubt'], COUNT_MAX);
  entry.metMs = fields['ago'] === undefined ? undefined : now.nowMs - numberOf(fields['ago'], BOOK_LIMITS.provenLifetimeMs);
  for (const known of (fields['addresses'] as unknown[]).slice(0, ENTRY_LIMITS.addressesMax)) restoreAddress(entry, known, groupOf, now);
  const bornMs = bornMsOf(fields['age'], now);
  const read = fields['record'] instanceof Uint8Array ? soundRecord(fields['record'], bornMs, signer, now) : undefined;
  const record = read?.nodeId === nodeId ? read : undefined;
  if (record !== undefined || entry.isProven || entry.isPersistent) book.restore(entry, record, bornMs);
}

function restoreAddress(entry: Entry, fields: unknown, groupOf: GroupOf, now: Moment): void {
  if (!isFields(fields)) return;
  const address = tryParseAddress(fields['text']);
  const origin = ORIGINS[Math.floor(numberOf(fields['origin'], ORIGINS.length - 1))] as AddressOrigin;
  if (address === undefined || entry.find(address.text) !== undefined || !isAcceptable(address, origin, entry)) return;
  const succeededMs = fields['succeeded'] === undefined ? undefined : numberOf(fields['succeeded'], now.wallMs);
  entry.add({
    ...knownAddress(address, origin, groupOf(address)),
    attempts: numberOf(fields['attempts'], COUNT_MAX),
    failures: numberOf(fields['failures'], COUNT_MAX),
    backoffMs: numberOf(fields['backoff'], WAIT_MAX_MS),
    dueMs: now.nowMs + numberOf(fields['wait'], WAIT_MAX_MS),
    isWrong: fields['wrong'] === true,
    succeededMs,
  });
}

/** What the user wrote is the user's business; the rest was believed once in some mode. */
function isAcceptable(address: Address, origin: AddressOrigin, { nodeId, isPersistent }: Entry): boolean {
  if (address.nodeId !== undefined && address.nodeId !== nodeId) return false;
  return (origin === 'configured' && isPersistent) || refusalOf(address, 'loopback') === undefined;
}

function soundRecord(bytes: Uint8Array, bornMs: number, signer: Signer, { nowMs }: Moment): AddressRecord | undefined {
  const record = isExpired(bornMs, nowMs) ? undefined : readRecord(bytes, signer);
  return record !== undefined && isGenuine(record, signer) ? record : undefined;
}

/** In whole seconds, rounded up: a record does not grow younger by restarts. */
function ageOf({ bornMs }: SignedBytes, { nowMs }: Pick<Moment, 'nowMs'>): number {
  return Math.ceil((nowMs - bornMs) / 1_000);
}

function bornMsOf(age: unknown, { nowMs }: Moment): number {
  return nowMs - 1_000 * numberOf(age, RECORD_LIMITS.lifetimeMs);
}

/** The byte strings of a list, whatever it is. */
function bytesIn(value: unknown, countMax: number): readonly Uint8Array[] {
  if (!Array.isArray(value)) return [];
  return (value as unknown[]).slice(0, countMax).filter((item) => item instanceof Uint8Array);
}

function nodeIdOf(value: unknown): NodeId | undefined {
  const id = value instanceof Uint8Array && value.length === ID_BYTES ? nodeIdFromBytes(value) : undefined;
  return isNodeId(id) ? id : undefined;
}

/** A number from 0 to `max`; what is none reads as 0. */
function numberOf(value: unknown, max: number): number {
  return typeof value === 'number' && value > 0 ? Math.min(value, max) : 0;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
