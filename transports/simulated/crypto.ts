/**
 * @module Simulated crypto: the Crypto port without cryptography. Keys, tags and ciphertexts have the real sizes; both sides of an
 * agreement come to the same secret and others to other ones; a changed byte, key or counter is noticed but for one time in 2^64. It
 * does not protect: every secret can be computed from public keys. In return it is fast: a simulated handshake costs a
 * few microseconds, and the state machine above it is the real one.
 */
import type { AgreementKey, CipherKey, Crypto, Sealed, SigningKey } from '../../core/security/crypto.js';
import { isAcceptableEd25519Key } from '../../core/security/ed25519-keys.js';
import { byteOf, readWordLittleEndian, writeWordLittleEndian } from '../../core/structures/bytes.js';
import { Hash } from './chance/hash.js';

const KEY_BYTES = 32;
const TAG_BYTES = 16;
const SIGNATURE_BYTES = 64;
const TWO_TO_32 = 0x1_0000_0000;

/** One domain for each use, so that equal inputs give unrelated outputs. */
const DOMAIN = { sha256: 1, hmac: 2, agreement: 3, secret: 4, signing: 5, signature: 6, cipher: 7, tag: 8 } as const;

const hashOf = (domain: number): Hash => new Hash().reset(domain);

export const simulatedCrypto: Crypto = {
  name: 'simulated',
  sha256: (bytes) => hashOf(DOMAIN.sha256).bytes(bytes).finish().expand(KEY_BYTES),
  hmacSha256: (key, bytes) => hashOf(DOMAIN.hmac).bytes(key).bytes(bytes).finish().expand(KEY_BYTES),
  agreementKey: (secret) => new SimulatedAgreementKey(secret),
  signingKey: (seed) => signingKey(seed),
  cipherKey: (key) => new SimulatedCipherKey(key),
  isAcceptablePublicKey: isAcceptableEd25519Key,
  verify: (publicKey, message, signature) =>
    signature.length === SIGNATURE_BYTES && isEqual(signatureOf(publicKey, message), signature, SIGNATURE_BYTES, 0),
};

class SimulatedAgreementKey implements AgreementKey {
  readonly publicKey: Uint8Array;

  constructor(secret: Uint8Array) {
    this.publicKey = hashOf(DOMAIN.agreement).bytes(secret).finish().expand(KEY_BYTES);
  }

  agree(remotePublicKey: Uint8Array): Uint8Array | undefined {
    if (remotePublicKey.length !== KEY_BYTES || remotePublicKey.every((byte) => byte === 0)) return undefined;
    const own = this.publicKey;
    const [first, second] = isBefore(own, remotePublicKey) ? [own, remotePublicKey] : [remotePublicKey, own];
    return hashOf(DOMAIN.secret).bytes(first).bytes(second).finish().expand(KEY_BYTES);
  }
}

class SimulatedCipherKey implements CipherKey {
  readonly #a: number;
  readonly #b: number;

  constructor(key: Uint8Array) {
    const hash = hashOf(DOMAIN.cipher).bytes(key).finish();
    this.#a = hash.a;
    this.#b = hash.b;
  }

  seal(counter: number, associatedData: Uint8Array | undefined, plaintext: Uint8Array): Sealed {
    const ciphertext = this.#mask(counter, plaintext, plaintext.length);
    return { ciphertext, tag: this.#tag(counter, associatedData, ciphertext) };
  }

  open(counter: number, associatedData: Uint8Array | undefined, sealed: Uint8Array): Uint8Array | undefined {
    const length = sealed.length - TAG_BYTES;
    if (length < 0 || !isEqual(this.#tag(counter, associatedData, sealed.subarray(0, length)), sealed, TAG_BYTES, length)) return undefined;
    return this.#mask(counter, sealed, length);
  }

  /** What it is applied to twice is as it was. */
  #mask(counter: number, bytes: Uint8Array, length: number): Uint8Array {
    const masked = new Uint8Array(length);
    let state = (this.#a ^ Math.imul(counter | 0, 0x9e3779b1)) | 1;
    let index = 0;
    for (; index + 4 <= length; index += 4) {
      state = step(state);
      writeWordLittleEndian(masked, index, readWordLittleEndian(bytes, index) ^ state);
    }
    state = step(state);
    for (let place = 0; index < length; index++) masked[index] = (bytes[index] as number) ^ byteOf(state, place++);
    return masked;
  }

  #tag(counter: number, associatedData: Uint8Array | undefined, ciphertext: Uint8Array): Uint8Array {
    const hash = hashOf(DOMAIN.tag)
      .word(this.#a)
      .word(this.#b)
      .word(counter | 0)
      .word(Math.floor(counter / TWO_TO_32) | 0);
    if (associatedData !== undefined) hash.bytes(associatedData);
    return hash.bytes(ciphertext).finish().expand(TAG_BYTES);
  }
}

function signingKey(seed: Uint8Array): SigningKey {
  const publicKey = hashOf(DOMAIN.signing).bytes(seed).finish().expand(KEY_BYTES);
  return { publicKey, sign: (message) => signatureOf(publicKey, message) };
}

function signatureOf(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  return hashOf(DOMAIN.signature).bytes(publicKey).bytes(message).finish().expand(SIGNATURE_BYTES);
}

/** The generator xorshift32; the state is never 0. */
function step(state: number): number {
  let next = state ^ (state << 13);
  next ^= next >>> 17;
  return next ^ (next << 5);
}

function isEqual(expected: Uint8Array, given: Uint8Array, length: number, offset: number): boolean {
  for (let index = 0; index < length; index++) if (expected[index] !== given[offset + index]) return false;
  return true;
}

function isBefore(left: Uint8Array, right: Uint8Array): boolean {
  for (let index = 0; index < KEY_BYTES; index++)
    if (left[index] !== right[index]) return (left[index] as number) < (right[index] as number);
  return false;
}
