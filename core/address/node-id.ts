/**
 * @module NodeId: who a node is. 32 bytes, in the API a branded lower-case hex string, so that equality is `===` and an id can be
 * a Map key. Ids are derived in `identity.ts`; this file only converts and names them and knows no cryptography.
 */
import { NetworkError } from '../errors.js';
import { hexOf, writeHex } from '../structures/hex.js';

declare const nodeIdBrand: unique symbol;

/** 64 lower-case hex digits: SHA-256 over a domain tag and the node's public key. */
export type NodeId = string & { readonly [nodeIdBrand]: true };

export const NODE_ID_BYTES = 32;

const NODE_ID_PATTERN = /^[0-9a-f]{64}$/;
/** Ids that were found good, one for each pair of first digits: the few that a program has in hand are looked at once. */
const GOOD: string[] = new Array<string>(256).fill('');

export function isNodeId(value: unknown): value is NodeId {
  if (typeof value !== 'string' || value.length !== 2 * NODE_ID_BYTES) return false;
  const slot = ((value.charCodeAt(0) << 4) ^ value.charCodeAt(1)) & 0xff;
  if (GOOD[slot] === value) return true;
  if (!NODE_ID_PATTERN.test(value)) return false;
  GOOD[slot] = value;
  return true;
}

/** Takes an id written by a person (upper case is accepted). Throws `NODE_ID_INVALID`. */
export function parseNodeId(text: string): NodeId {
  const lower = typeof text === 'string' && text.length === 2 * NODE_ID_BYTES ? text.toLowerCase() : '';
  if (!isNodeId(lower)) throw new NetworkError('NODE_ID_INVALID', 'a node id is 64 hex digits');
  return lower;
}

/** Reads 32 bytes at `offset`. The caller has checked the length. */
export function nodeIdFromBytes(bytes: Uint8Array, offset = 0): NodeId {
  return hexOf(bytes, offset, NODE_ID_BYTES) as NodeId;
}

/** Writes the id's 32 bytes into `target` at `offset`. */
export function writeNodeId(id: NodeId, target: Uint8Array, offset: number): void {
  writeHex(id, target, offset);
}

export function nodeIdToBytes(id: NodeId): Uint8Array {
  const bytes = new Uint8Array(NODE_ID_BYTES);
  writeNodeId(id, bytes, 0);
  return bytes;
}

/** Whether the first `byteCount` bytes of two ids are the same; all of them when it is 32 or more. */
export function sharesPrefix(one: NodeId, other: NodeId, byteCount: number): boolean {
  for (let index = 0; index < 2 * byteCount && index < one.length; index++)
    if (one.charCodeAt(index) !== other.charCodeAt(index)) return false;
  return true;
}

/** The first eight digits, for people. Not unique. */
export function shortId(id: NodeId): string {
  return id.slice(0, 8);
}
