/**
 * @module Record: where a node can be reached, signed by the node, so that anybody may pass it on. 64 bytes of signature,
 * then the signed bytes: CBOR of `{ key, seq, addresses }`. The signature covers the bytes as received; nothing is encoded again.
 *
 * `seq` rises with every record of a node: it is the wall time of the signing in milliseconds, or one more than the last number where that is
 * higher. Nobody compares it with a clock: of two records of a node the higher one counts. How old a record is, neighbours say. Pure but for the
 * signer.
 */

import { type Address, decodeValue, encodeValue, type NodeId, type Signer, tryParseAddress } from '../../../core/index.js';
import { bytes, fields, type Infer, list, messageReader, text, whole } from '../../../core/schema/index.js';
import { readU48 } from '../../../core/structures/bytes.js';

export const RECORD_LIMITS = {
  /** Of a whole record. */
  bytesMax: 2_048,
  addressesMax: 8,
  addressCharactersMax: 200,
  /** A record of this age is forgotten, unless a newer one has come. */
  lifetimeMs: 6 * 3_600_000,
  /** A node signs a new one after this time. */
  refreshMs: 2 * 3_600_000,
} as const;

const DOMAIN = 'addressbook/record/1';
const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;
const VALUE_LIMITS = { valueDepthMax: 2, valueItemsMax: 16 };
const FIELDS = fields({
  key: bytes(KEY_BYTES),
  seq: whole(),
  addresses: list(text(RECORD_LIMITS.addressCharactersMax), RECORD_LIMITS.addressesMax),
});
const readFields = messageReader(FIELDS);

/** The content of a record. Its signature is checked by `isGenuine`. */
export interface AddressRecord {
  readonly nodeId: NodeId;
  readonly seq: number;
  /** Those that read as addresses and name no other node. */
  readonly addresses: readonly Address[];
  readonly key: Uint8Array;
  readonly bytes: Uint8Array;
  readonly mark: number;
}

/** Signs this node's own record. Addresses beyond the bounds are left out. */
export function signRecord(addresses: readonly Address[], seq: number, signer: Signer): AddressRecord {
  const { addressesMax, addressCharactersMax } = RECORD_LIMITS;
  const signed = addresses.filter(({ text }) => text.length <= addressCharactersMax).slice(0, addressesMax);
  const body = encodeValue({ key: signer.publicKey, seq, addresses: signed.map(({ text }) => text) });
  const bytes = new Uint8Array(SIGNATURE_BYTES + body.length);
  bytes.set(signer.sign(DOMAIN, body), 0);
  bytes.set(body, SIGNATURE_BYTES);
  return { nodeId: signer.nodeIdOf(signer.publicKey), key: signer.publicKey, seq, addresses: signed, bytes, mark: markOf(bytes) as number };
}

/**
 * A short name of a record: the first bytes of its signature. Two records of honest nodes share one with a probability of 2^-48; who
 * makes one that equals another's has done 2^48 signatures.
 */
export function markOf(bytes: Uint8Array): number | undefined {
  if (bytes.length <= SIGNATURE_BYTES) return undefined;
  return readU48(bytes, 0);
}

/** Reads what a remote sent, without checking the signature, which costs most. Nothing for what is no record. */
export function readRecord(bytes: Uint8Array, signer: Signer): AddressRecord | undefined {
  const mark = bytes.length <= RECORD_LIMITS.bytesMax ? markOf(bytes) : undefined;
  const fields = mark === undefined ? undefined : fieldsOf(bytes.subarray(SIGNATURE_BYTES));
  if (fields === undefined) return undefined;
  const nodeId = signer.nodeIdOf(fields.key);
  const { key, seq, addresses } = fields;
  return { nodeId, key, seq, addresses: addressesOf(addresses, nodeId), bytes, mark: mark as number };
}

/** Whether the node that the record names has signed it. */
export function isGenuine({ bytes, key }: AddressRecord, signer: Signer): boolean {
  return signer.verify(key, DOMAIN, bytes.subarray(SIGNATURE_BYTES), bytes.subarray(0, SIGNATURE_BYTES));
}

/** `bornMs`: when it was signed, on this node's monotonic clock. */
export function isExpired(bornMs: number, nowMs: number): boolean {
  return nowMs - bornMs >= RECORD_LIMITS.lifetimeMs;
}

function fieldsOf(body: Uint8Array): Infer<typeof FIELDS> | undefined {
  return readFields(decodeValue(body, VALUE_LIMITS)?.value);
}

function addressesOf(texts: readonly string[], nodeId: NodeId): readonly Address[] {
  const byText = new Map<string, Address>();
  for (const text of texts) {
    const address = tryParseAddress(text);
    if (address === undefined || (address.nodeId !== undefined && address.nodeId !== nodeId)) continue;
    const plain = address.withNodeId(undefined);
    byText.set(plain.text, plain);
  }
  return [...byText.values()];
}
