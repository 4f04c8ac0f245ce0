/**
 * @module SymmetricState: the running hash and key of a Noise handshake (specification section 5.2), for SHA-256 and ChaChaPoly.
 * Only `noise.ts` uses it. What a remote sends wrongly is `undefined`, never a throw.
 */
import { NetworkError } from '../errors.js';
import { joinBytes } from '../structures/bytes.js';
import { CipherState } from './cipher-state.js';
import type { Crypto } from './crypto.js';
import { hkdfExpand, hkdfExtract } from './hkdf.js';

const HASH_BYTES = 32;
const EMPTY = new Uint8Array(0);

export class SymmetricState {
  /** `h`: covers everything that both sides have seen so far. Replaced, never changed in place. */
  hash: Uint8Array;
  #chainingKey: Uint8Array;
  #cipher: CipherState | undefined;

  constructor(
    private readonly crypto: Crypto,
    protocolName: string,
  ) {
    const name = new TextEncoder().encode(protocolName);
    const padded = new Uint8Array(HASH_BYTES);
    if (name.length <= HASH_BYTES) padded.set(name);
    this.hash = name.length <= HASH_BYTES ? padded : crypto.sha256(name);
    this.#chainingKey = this.hash.slice();
  }

  /** A state of its own that goes on from here. */
  copy(): SymmetricState {
    const copy = new SymmetricState(this.crypto, '');
    copy.hash = this.hash;
    copy.#chainingKey = this.#chainingKey.slice();
    copy.#cipher = this.#cipher?.copy();
    return copy;
  }

  /** Whether what is sent now is encrypted. */
  get hasKey(): boolean {
    return this.#cipher !== undefined;
  }

  mixHash(bytes: Uint8Array): void {
    this.hash = this.crypto.sha256(joinBytes([this.hash, bytes]));
  }

  mixKey(secret: Uint8Array): void {
    const [chainingKey, key] = this.#derive(secret, 2);
    this.#advance(chainingKey as Uint8Array, key as Uint8Array);
  }

  mixKeyAndHash(secret: Uint8Array): void {
    const [chainingKey, hash, key] = this.#derive(secret, 3);
    this.mixHash(hash as Uint8Array);
    this.#advance(chainingKey as Uint8Array, key as Uint8Array);
  }

  /** The bytes to send for `plaintext`: sealed once there is a key. */
  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    const output = this.#cipher === undefined ? plaintext : sealWith(this.#cipher, this.hash, plaintext);
    this.mixHash(output);
    return output;
  }

  /** The plaintext, never a view of `received`; `undefined` when it does not authenticate. */
  decryptAndHash(received: Uint8Array): Uint8Array | undefined {
    const plaintext = this.#cipher === undefined ? received.slice() : this.#cipher.open(this.hash, received);
    this.mixHash(received);
    return plaintext;
  }

  /** The two transport keys: first the initiator's sending one. Ends this state. */
  split(): readonly [CipherState, CipherState] {
    const [first, second] = this.#derive(EMPTY, 2);
    this.wipe();
    return [new CipherState(this.crypto, first as Uint8Array), new CipherState(this.crypto, second as Uint8Array)];
  }

  wipe(): void {
    this.#chainingKey.fill(0);
    this.#cipher?.wipe();
  }

  #derive(secret: Uint8Array, count: number): Uint8Array[] {
    const output = hkdfExpand(this.crypto, hkdfExtract(this.crypto, this.#chainingKey, secret), EMPTY, count * HASH_BYTES);
    return Array.from({ length: count }, (_, index) => output.slice(index * HASH_BYTES, (index + 1) * HASH_BYTES));
  }

  #advance(chainingKey: Uint8Array, key: Uint8Array): void {
    this.#chainingKey.fill(0);
    this.#chainingKey = chainingKey;
    this.#cipher?.wipe();
    this.#cipher = new CipherState(this.crypto, key);
  }
}

/** Never falls back to plaintext: a handshake seals a handful of pieces, so only a wiped key could refuse. */
function sealWith(cipher: CipherState, associatedData: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const sealed = cipher.seal(associatedData, plaintext);
  if (sealed === undefined) throw new NetworkError('CRYPTO_FAILED', 'a wiped handshake key was used');
  return joinBytes([sealed.ciphertext, sealed.tag]);
}
