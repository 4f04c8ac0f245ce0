/**
 * @module Records: what the table keeps for others: a value whose key is its hash, a value that its author signs and may replace, and where
 * a key is provided. In place of a value that is too large for one record, a record has a list of its pieces (`pieces.ts`). Every record proves itself, so that whoever keeps it, or passes it on, can neither change it nor make one. Pure but for the ports.
 */
import { ByteReader, ByteWriter, type NodeId, nodeIdFromBytes, nodeIdToBytes, type Sealer, type Signer } from '../../../core/index.js';
import { hexOf } from '../../../core/structures/hex.js';

export const RECORD_LIMITS = {
  /** Of what one record has: a value, or the list of its pieces. */
  valueBytesMax: 1_000,
  nameBytesMax: 64,
  /** Of a whole record. */
  recordBytesMax: 1_300,
} as const;

export const IMMUTABLE = 0;
export const MUTABLE = 1;
export const PROVIDER = 2;
export type RecordKind = typeof IMMUTABLE | typeof MUTABLE | typeof PROVIDER;

/** With the number of a kind: the record has a list in place of its value. */
const LIST = 0x80;

const VALUE_DOMAIN = 'spacer/value/1';
const LIST_DOMAIN = 'spacer/list/1';
const MUTABLE_DOMAIN = 'spacer/mutable/1';
const MUTABLE_LIST_DOMAIN = 'spacer/mutable-list/1';
const PROVIDER_DOMAIN = 'spacer/provider/1';
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** A value, or the list of the pieces of one. */
export interface RecordValue {
  readonly value: Uint8Array;
  readonly isList: boolean;
}

/** A record that was read and proves itself. */
export interface SoundRecord extends RecordValue {
  readonly kind: RecordKind;
  readonly key: NodeId;
  /** The author of a mutable value, the provider of a key; `undefined` for an immutable value. */
  readonly author: NodeId | undefined;
  /** Of two records of one author the higher one counts. */
  readonly seq: number;
  readonly bytes: Uint8Array;
}

export type RecordFlaw = 'malformed' | 'too-large' | 'bad-signature';

/** What records are made and checked with. */
export interface RecordPorts {
  readonly signer: Signer;
  readonly sealer: Sealer;
}

/** The key of an immutable value: its hash in this space. */
export function keyOfValue({ sealer }: RecordPorts, { value, isList }: RecordValue): NodeId {
  return nodeIdFromBytes(sealer.tag(`${isList ? LIST_DOMAIN : VALUE_DOMAIN}:${hexOf(value)}`));
}

/** The key of the value that an author has under a name. */
export function keyOfName({ sealer }: RecordPorts, author: NodeId, name: string): NodeId {
  return nodeIdFromBytes(sealer.tag(`${MUTABLE_DOMAIN}:${author}:${name}`));
}

export function immutableRecord({ value, isList }: RecordValue): Uint8Array {
  return new ByteWriter()
    .u8(IMMUTABLE + (isList ? LIST : 0))
    .bytes(value)
    .copy();
}

export function mutableRecord({ signer }: RecordPorts, name: string, seq: number, { value, isList }: RecordValue): Uint8Array {
  const text = ENCODER.encode(name);
  const content = new ByteWriter().u8(text.length).bytes(text).u48(seq).bytes(value).copy();
  return isList ? signed(MUTABLE + LIST, signer, MUTABLE_LIST_DOMAIN, content) : signed(MUTABLE, signer, MUTABLE_DOMAIN, content);
}

export function providerRecord({ signer }: RecordPorts, key: NodeId, seq: number): Uint8Array {
  const content = new ByteWriter().bytes(nodeIdToBytes(key)).u48(seq).copy();
  return signed(PROVIDER, signer, PROVIDER_DOMAIN, content);
}

/** Reads a record, and checks that it is what it says, for that key. The bytes are copied. */
export function readRecord(ports: RecordPorts, key: NodeId, bytes: Uint8Array): SoundRecord | RecordFlaw {
  if (bytes.length > RECORD_LIMITS.recordBytesMax) return 'too-large';
  const reader = new ByteReader(bytes.slice());
  const first = reader.u8();
  const isList = first >= LIST;
  const kind = first - (isList ? LIST : 0);
  if (kind === IMMUTABLE) return readImmutable(ports, key, reader, isList);
  if (kind !== MUTABLE && (kind !== PROVIDER || isList)) return 'malformed';
  const publicKey = reader.view(KEY_BYTES);
  const signature = reader.view(SIGNATURE_BYTES);
  const contentAt = reader.at;
  const content = reader.bytes.subarray(contentAt);
  const read = kind === MUTABLE ? readMutable(reader) : readProvider(reader);
  if (read === undefined || reader.hasFailed) return 'malformed';
  if (read.value.length > RECORD_LIMITS.valueBytesMax) return 'too-large';
  const { signer } = ports;
  const author = signer.nodeIdOf(publicKey);
  const isRight = read.key === undefined ? keyOfName(ports, author, read.name) === key : read.key === key;
  if (!isRight) return 'bad-signature';
  const domain = kind === PROVIDER ? PROVIDER_DOMAIN : isList ? MUTABLE_LIST_DOMAIN : MUTABLE_DOMAIN;
  if (!signer.verify(publicKey, domain, content, signature)) return 'bad-signature';
  return { kind, key, author, seq: read.seq, value: read.value, isList, bytes: reader.bytes };
}

function readImmutable(ports: RecordPorts, key: NodeId, reader: ByteReader, isList: boolean): SoundRecord | RecordFlaw {
  const value = reader.rest();
  if (value.length > RECORD_LIMITS.valueBytesMax) return 'too-large';
  if (keyOfValue(ports, { value, isList }) !== key) return 'bad-signature';
  return { kind: IMMUTABLE, key, author: undefined, seq: 0, value, isList, bytes: reader.bytes };
}

interface ReadContent {
  readonly key: NodeId | undefined;
  readonly name: string;
  readonly seq: number;
  readonly value: Uint8Array;
}

function readMutable(reader: ByteReader): ReadContent {
  const name = reader.utf8(reader.u8());
  const seq = reader.u48();
  return { key: undefined, name, seq, value: reader.rest() };
}

function readProvider(reader: ByteReader): ReadContent | undefined {
  const bytes = reader.view(KEY_BYTES);
  const seq = reader.u48();
  if (!reader.isComplete) return undefined;
  return { key: nodeIdFromBytes(bytes), name: '', seq, value: NOTHING };
}

function signed(kind: number, signer: Signer, domain: string, content: Uint8Array): Uint8Array {
  return new ByteWriter().u8(kind).bytes(signer.publicKey).bytes(signer.sign(domain, content)).bytes(content).copy();
}

const ENCODER = new TextEncoder();
const NOTHING = new Uint8Array(0);
