/**
 * @module The signed list of hashes: what proves the messages of a signed topic behind relays. Big endian:
 *
 *   signature 64, public key of the publisher 32, time of the signature in ms since 1970 u48, hashes 32 each
 *
 * What is signed is the topic's id (32), the epoch u32, and all that follows the key. A hash covers of a message what a run of it alone would begin
 * with, kind and number, then form u8 and content. So a list is good for one topic, one beginning of its publisher, and these numbers alone. Pure.
 */
import { type BehaviorAgent, ByteWriter, joinBytes, type NodeId, nodeIdToBytes } from '../../../core/index.js';
import { readU48 } from '../../../core/structures/bytes.js';
import type { KeptMessage } from '../meeting/messages.js';
import { HEAD_BYTES, MESSAGES, writeHead } from '../messages.js';

/** The most hashes of one list that goes ahead of its messages. */
export const LIST_MAX = 64;
const HASH_BYTES = 32;
const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;
const KEY_END = SIGNATURE_BYTES + KEY_BYTES;
const HASHES_AT = KEY_END + 6;

/** Why a message of a signed topic is not delivered. */
export type Unproven = 'unsigned' | 'forged' | 'stale' | 'unchecked';

/** What is signed: of what, and when. */
export interface ListSubject {
  readonly topicId: NodeId;
  readonly epoch: number;
}

/** Whether so many bytes are a list of 1 to `countMax` hashes. */
export function isListLength(byteCount: number, countMax: number): boolean {
  const hashes = byteCount - HASHES_AT;
  return hashes > 0 && hashes % HASH_BYTES === 0 && hashes <= countMax * HASH_BYTES;
}

/** As many as fit into a message; 1 at least. */
export function hashesMaxOf({ limits }: BehaviorAgent): number {
  const room = limits.payloadBytesMax - HEAD_BYTES - HASHES_AT;
  return Math.max(1, Math.min(LIST_MAX, Math.floor(room / HASH_BYTES)));
}

export function hashCountOf(list: Uint8Array): number {
  return (list.length - HASHES_AT) / HASH_BYTES;
}

export function hashAt(list: Uint8Array, index: number): Uint8Array {
  const at = HASHES_AT + index * HASH_BYTES;
  return list.subarray(at, at + HASH_BYTES);
}

export function madeMsOf(list: Uint8Array): number {
  return readU48(list, KEY_END);
}

export function signatureOf(list: Uint8Array): Uint8Array {
  return list.subarray(0, SIGNATURE_BYTES);
}

export function keyOf(list: Uint8Array): Uint8Array {
  return list.subarray(SIGNATURE_BYTES, KEY_END);
}

/** What the signature of a list covers. */
export function signedBytes(subject: ListSubject, list: Uint8Array): Uint8Array {
  return withSubject(subject, list.subarray(KEY_END));
}

/** A list, signed by `sign`. */
export function listBytes(
  subject: ListSubject,
  madeMs: number,
  hashes: readonly Uint8Array[],
  key: Uint8Array,
  sign: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const body = joinBytes([new ByteWriter().u48(madeMs).copy(), ...hashes]);
  return joinBytes([sign(withSubject(subject, body)), key, body]);
}

/** A message as its hash covers it. */
export function hashedBytes({ number, form, content }: KeptMessage): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES + 1);
  writeHead(head, MESSAGES, number);
  head[HEAD_BYTES] = form;
  return joinBytes([head, content]);
}

function withSubject({ topicId, epoch }: ListSubject, body: Uint8Array): Uint8Array {
  return new ByteWriter().bytes(nodeIdToBytes(topicId)).u32(epoch).bytes(body).copy();
}
