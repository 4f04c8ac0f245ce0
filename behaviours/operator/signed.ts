/**
 * @module Signed: what the authority of a space signs, or a node, as bytes: 64 bytes of signature, then the signed bytes. The signature covers the bytes
 * as they were received; nothing is encoded again. Pure but for the signer.
 */
import { type Identity, joinBytes, type Signer } from '../../core/index.js';
import { signFor } from '../../core/security/signer.js';

const SIGNATURE_BYTES = 64;
export const KEY_BYTES = 32;

/** Signed by an authority, for its space. */
export function sealed(space: string, authority: Identity, domain: string, body: Uint8Array): Uint8Array {
  return joinBytes([signFor(space, authority, domain, body), body]);
}

/** Signed by this node. */
export function sealedBy(signer: Signer, domain: string, body: Uint8Array): Uint8Array {
  return joinBytes([signer.sign(domain, body), body]);
}

/** The signed part; nothing where there is none. */
export function bodyOf(bytes: Uint8Array): Uint8Array | undefined {
  return bytes.length > SIGNATURE_BYTES ? bytes.subarray(SIGNATURE_BYTES) : undefined;
}

/** Whether the holder of the key has signed these bytes for the signer's space. */
export function isSignedBy(key: Uint8Array, domain: string, bytes: Uint8Array, signer: Signer): boolean {
  return signer.verify(key, domain, bytes.subarray(SIGNATURE_BYTES), bytes.subarray(0, SIGNATURE_BYTES));
}
