/**
 * @module Identity proof: the payload of Noise messages 2 and 3, with which a node's Ed25519 key vouches for this very session.
 * A deterministic CBOR map of one fixed layout, so that it is written and read by position:
 * `{1: public key (32), 2: signature (64), 3: instance (8)}`, where an absent key 3 reads as eight zeros. Everything else is refused.
 */

import type { Crypto } from './crypto.js';
import type { Identity } from './identity.js';

export const INSTANCE_BYTES = 8;

const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const CONTEXT = new TextEncoder().encode('meshwright/noise-static/1');

/** The CBOR heads before each value: map and key 1, key 2, key 3. */
const HEAD_WITHOUT_INSTANCE = [0xa2, 0x01, 0x58, PUBLIC_KEY_BYTES];
const HEAD_WITH_INSTANCE = [0xa3, 0x01, 0x58, PUBLIC_KEY_BYTES];
const SIGNATURE_HEAD = [0x02, 0x58, SIGNATURE_BYTES];
const INSTANCE_HEAD = [0x03, 0x40 + INSTANCE_BYTES];

const PUBLIC_KEY_INDEX = HEAD_WITH_INSTANCE.length;
const SIGNATURE_HEAD_INDEX = PUBLIC_KEY_INDEX + PUBLIC_KEY_BYTES;
const SIGNATURE_INDEX = SIGNATURE_HEAD_INDEX + SIGNATURE_HEAD.length;
const INSTANCE_HEAD_INDEX = SIGNATURE_INDEX + SIGNATURE_BYTES;
const INSTANCE_INDEX = INSTANCE_HEAD_INDEX + INSTANCE_HEAD.length;
const BYTES_WITHOUT_INSTANCE = INSTANCE_HEAD_INDEX;
const BYTES_WITH_INSTANCE = INSTANCE_INDEX + INSTANCE_BYTES;

/** What a signature is bound to, besides the key that makes it. */
export interface ProofContext {
  /** Whether the prover is the initiator. */
  readonly isInitiator: boolean;
  readonly prologueHash: Uint8Array;
  /** The prover's X25519 static key. */
  readonly staticKey: Uint8Array;
  /** The handshake hash before the payload that carries the proof. */
  readonly transcriptHash: Uint8Array;
}

/** What a valid proof proves. */
export interface ProvenIdentity {
  readonly publicKey: Uint8Array;
  /** 8 bytes, random per start of the node. */
  readonly instance: Uint8Array;
}

export function writeProof(identity: Identity, instance: Uint8Array, context: ProofContext): Uint8Array {
  const bytes = new Uint8Array(BYTES_WITH_INSTANCE);
  bytes.set(HEAD_WITH_INSTANCE, 0);
  bytes.set(identity.publicKey, PUBLIC_KEY_INDEX);
  bytes.set(SIGNATURE_HEAD, SIGNATURE_HEAD_INDEX);
  bytes.set(identity.sign(signedBytes(context)), SIGNATURE_INDEX);
  bytes.set(INSTANCE_HEAD, INSTANCE_HEAD_INDEX);
  bytes.set(instance, INSTANCE_INDEX);
  return bytes;
}

/** The identity that was proven; `undefined` when layout, key or signature is refused. */
export function checkProof(payload: Uint8Array, context: ProofContext, crypto: Crypto): ProvenIdentity | undefined {
  if (!hasLayout(payload)) return undefined;
  const publicKey = payload.slice(PUBLIC_KEY_INDEX, SIGNATURE_HEAD_INDEX);
  const signature = payload.subarray(SIGNATURE_INDEX, INSTANCE_HEAD_INDEX);
  if (!crypto.isAcceptablePublicKey(publicKey) || !crypto.verify(publicKey, signedBytes(context), signature)) return undefined;
  const instance = payload.length === BYTES_WITH_INSTANCE ? payload.slice(INSTANCE_INDEX) : new Uint8Array(INSTANCE_BYTES);
  return { publicKey, instance };
}

/** The bytes under the signature. */
export function signedBytes(context: ProofContext): Uint8Array {
  const { isInitiator, prologueHash, staticKey, transcriptHash } = context;
  const bytes = new Uint8Array(CONTEXT.length + 2 + prologueHash.length + staticKey.length + transcriptHash.length);
  let offset = CONTEXT.length + 2;
  bytes.set(CONTEXT, 0);
  bytes[offset - 1] = isInitiator ? 0 : 1;
  for (const part of [prologueHash, staticKey, transcriptHash]) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

function hasLayout(payload: Uint8Array): boolean {
  if (!startsAt(payload, SIGNATURE_HEAD_INDEX, SIGNATURE_HEAD)) return false;
  if (payload.length === BYTES_WITHOUT_INSTANCE) return startsAt(payload, 0, HEAD_WITHOUT_INSTANCE);
  return (
    payload.length === BYTES_WITH_INSTANCE &&
    startsAt(payload, 0, HEAD_WITH_INSTANCE) &&
    startsAt(payload, INSTANCE_HEAD_INDEX, INSTANCE_HEAD)
  );
}

function startsAt(bytes: Uint8Array, index: number, expected: readonly number[]): boolean {
  return expected.every((byte, position) => bytes[index + position] === byte);
}
