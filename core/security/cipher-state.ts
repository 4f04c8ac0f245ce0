/**
 * @module CipherState: one ChaCha20-Poly1305 key with its rising counter, as the Noise specification has it (sections 5.1 and 11.3).
 * Used by the handshake and, after it, once per direction. May not know records or transports.
 */
import type { CipherKey, Crypto, Sealed } from './crypto.js';

/** From this counter on nothing is sealed or opened; Noise itself ends at 2^64 - 1. */
export const COUNTER_MAX = 2 ** 48;

/** 2^64 - 1, the counter that Noise keeps for REKEY: as a number it would not be exact, in two's complement it is. */
const REKEY_COUNTER = -1;
const KEY_BYTES = 32;
const ZEROS = new Uint8Array(KEY_BYTES);

export class CipherState {
  /** The counter of the next piece. Set it for datagrams and in tests only. */
  counter = 0;
  /** Absent after `wipe`. */
  #key: CipherKey | undefined;
  #secret: Uint8Array;

  /** `secret`: 32 bytes, handed over: they are overwritten when the key ends. */
  constructor(
    private readonly crypto: Crypto,
    secret: Uint8Array,
  ) {
    this.#secret = secret;
    this.#key = crypto.cipherKey(secret);
  }

  /** `undefined`: the counter is exhausted or the key wiped. */
  seal(associatedData: Uint8Array | undefined, plaintext: Uint8Array): Sealed | undefined {
    if (this.#key === undefined || this.counter >= COUNTER_MAX) return undefined;
    return this.#key.seal(this.counter++, associatedData, plaintext);
  }

  /** `undefined`: refused, exhausted or wiped. A refused piece leaves the counter where it was. */
  open(associatedData: Uint8Array | undefined, sealed: Uint8Array): Uint8Array | undefined {
    if (this.#key === undefined || this.counter >= COUNTER_MAX) return undefined;
    const plaintext = this.#key.open(this.counter, associatedData, sealed);
    if (plaintext !== undefined) this.counter++;
    return plaintext;
  }

  /** The same key and counter, apart from this one. */
  copy(): CipherState {
    const copy = new CipherState(this.crypto, this.#secret.slice());
    copy.counter = this.counter;
    return copy;
  }

  /** Noise REKEY: a new key made from the old one; the counter goes on. */
  rekey(): void {
    if (this.#key === undefined) return;
    const secret = this.#key.seal(REKEY_COUNTER, undefined, ZEROS).ciphertext;
    this.#secret.fill(0);
    this.#secret = secret;
    this.#key = this.crypto.cipherKey(secret);
  }

  /** Overwrites the key, as far as JavaScript can. Idempotent. */
  wipe(): void {
    this.#key = undefined;
    this.#secret.fill(0);
  }
}
