/**
 * @module Portable crypto: the Crypto port on the noble libraries, for browsers and as the reference for `crypto-node.ts`. Both give the
 * same bytes and the same verdicts. May not use `node:` or any platform's own cryptography.
 */

import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { equalBytes, writeWordLittleEndian } from '../structures/bytes.js';
import type { AgreementKey, CipherKey, Crypto, Sealed, SigningKey } from './crypto.js';
import { isAcceptableEd25519Key } from './ed25519-keys.js';

const TAG_BYTES = 16;
const SIGNATURE_BYTES = 64;

export const nobleCrypto: Crypto = {
  name: 'noble',
  sha256: (bytes) => sha256(bytes),
  hmacSha256: (key, bytes) => hmac(sha256, key, bytes),
  agreementKey: (secret) => new NobleAgreementKey(secret.slice()),
  signingKey: nobleSigningKey,
  cipherKey: (key) => new NobleCipherKey(key),
  isAcceptablePublicKey: isAcceptableEd25519Key,
  verify,
};

class NobleAgreementKey implements AgreementKey {
  readonly publicKey: Uint8Array;
  readonly #secret: Uint8Array;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
    this.publicKey = x25519.getPublicKey(secret);
  }

  agree(remotePublicKey: Uint8Array): Uint8Array | undefined {
    return attempt(() => x25519.getSharedSecret(this.#secret, remotePublicKey));
  }
}

class NobleCipherKey implements CipherKey {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  seal(counter: number, associatedData: Uint8Array | undefined, plaintext: Uint8Array): Sealed {
    return sealWithNonce(this.#key, nonceOf(counter), associatedData, plaintext);
  }

  open(counter: number, associatedData: Uint8Array | undefined, sealed: Uint8Array): Uint8Array | undefined {
    return openWithNonce(this.#key, nonceOf(counter), associatedData, sealed);
  }
}

function nobleSigningKey(seed: Uint8Array): SigningKey {
  const secret = seed.slice();
  return { publicKey: ed25519.getPublicKey(secret), sign: (message) => ed25519.sign(message, secret) };
}

/** ChaCha20-Poly1305 under a 12-byte nonce. Exported for the published vectors. */
export function sealWithNonce(key: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array | undefined, plaintext: Uint8Array): Sealed {
  const sealed = chacha20poly1305(key, nonce, associatedData).encrypt(plaintext);
  const tagIndex = sealed.length - TAG_BYTES;
  return { ciphertext: sealed.subarray(0, tagIndex), tag: sealed.subarray(tagIndex) };
}

/** The counterpart of `sealWithNonce`: `sealed` is ciphertext and tag. */
export function openWithNonce(
  key: Uint8Array,
  nonce: Uint8Array,
  associatedData: Uint8Array | undefined,
  sealed: Uint8Array,
): Uint8Array | undefined {
  return attempt(() => chacha20poly1305(key, nonce, associatedData).decrypt(sealed));
}

function nonceOf(counter: number): Uint8Array {
  const nonce = new Uint8Array(12);
  writeWordLittleEndian(nonce, 4, counter);
  writeWordLittleEndian(nonce, 8, Math.floor(counter / 2 ** 32));
  return nonce;
}

/**
 * RFC 8032 without the cofactor, as OpenSSL does it: the encoding of [S]B - [k]A must be R's very bytes. noble's own `verify` multiplies
 * by the cofactor, so that crafted keys and signatures would pass in one backend and not in the other.
 */
function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  const commitment = signature.subarray(0, 32);
  const isValid = attempt(() => {
    const scalar = littleEndian(signature.subarray(32));
    const { Point } = ed25519;
    const order = Point.Fn.ORDER;
    if (scalar >= order) return false;
    const challenge = littleEndian(sha512.create().update(commitment).update(publicKey).update(message).digest()) % order;
    const negated = Point.fromBytes(publicKey).negate();
    const expected = Point.BASE.multiplyUnsafe(scalar).add(negated.multiplyUnsafe(challenge)).toBytes();
    return equalBytes(expected, commitment);
  });
  return isValid === true;
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** noble reports what a remote did wrong by throwing. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
