/**
 * @module Record layer: what runs on a stream after the handshake. A record is `u16` big-endian length, ciphertext, tag; its plaintext
 * has 1 to 65,519 bytes. One AEAD call per record. Each direction rekeys by itself after a count of bytes or records, and ends for good
 * at counter 2^48. The first record that is refused ends the direction: there is no resync.
 */
import { NetworkError } from '../errors.js';
import { writeU16 } from '../structures/bytes.js';
import type { CipherState } from './cipher-state.js';
import { PrefixedReader } from './prefixed-reader.js';

/** The most that one record carries. */
export const RECORD_PLAINTEXT_MAX = 65_519;
/** What a record adds to its plaintext: length and tag. */
export const RECORD_OVERHEAD = 18;

const TAG_BYTES = 16;
const LENGTH_BYTES = 2;

/** The bounds of a record's declared length. */
export const RECORD_BODY_MIN = TAG_BYTES + 1;
export const RECORD_BODY_MAX = RECORD_PLAINTEXT_MAX + TAG_BYTES;

/** Both sides must hold the same: a direction rekeys after the record with which either is reached since the last time. */
export interface RekeyLimits {
  readonly bytes: number;
  readonly records: number;
}

export const REKEY_LIMITS: RekeyLimits = { bytes: 2 ** 30, records: 2 ** 16 };

/** A direction's key under the rekey rule. */
class RekeyingCipher {
  #bytes = 0;
  #records = 0;

  constructor(
    readonly state: CipherState,
    private readonly limits: RekeyLimits,
  ) {}

  /** Called after each record that was sealed or opened. */
  count(plaintextBytes: number): void {
    this.#bytes += plaintextBytes;
    if (++this.#records < this.limits.records && this.#bytes < this.limits.bytes) return;
    this.#bytes = 0;
    this.#records = 0;
    this.state.rekey();
  }
}

/** The sending direction. */
export class RecordSealer {
  readonly #cipher: RekeyingCipher;

  constructor(state: CipherState, limits: RekeyLimits = REKEY_LIMITS) {
    this.#cipher = new RekeyingCipher(state, limits);
  }

  /**
   * The record as chunks that are written in order: joining them costs more than passing them on (measured at every size). They are the
   * caller's. `undefined`: this direction is exhausted or wiped. Throws when `plaintext` is empty or too long.
   */
  seal(plaintext: Uint8Array): readonly Uint8Array[] | undefined {
    const byteCount = plaintext.length;
    if (byteCount < 1 || byteCount > RECORD_PLAINTEXT_MAX)
      throw new NetworkError('ARGUMENT_INVALID', `a record carries 1 to ${RECORD_PLAINTEXT_MAX} bytes, not ${byteCount}`);
    const sealed = this.#cipher.state.seal(undefined, plaintext);
    if (sealed === undefined) return undefined;
    this.#cipher.count(byteCount);
    const header = new Uint8Array(LENGTH_BYTES);
    writeU16(header, 0, byteCount + TAG_BYTES);
    return [header, sealed.ciphertext, sealed.tag];
  }

  wipe(): void {
    this.#cipher.state.wipe();
  }
}

/** The receiving direction. */
export class RecordOpener {
  readonly #cipher: RekeyingCipher;
  readonly #reader: PrefixedReader;
  #hasFailed = false;

  /** `reader` may still hold bytes that came behind the handshake. */
  constructor(
    state: CipherState,
    limits: RekeyLimits = REKEY_LIMITS,
    reader: PrefixedReader = new PrefixedReader(RECORD_BODY_MIN, RECORD_BODY_MAX),
  ) {
    this.#cipher = new RekeyingCipher(state, limits);
    this.#reader = reader;
    reader.setBounds(RECORD_BODY_MIN, RECORD_BODY_MAX);
  }

  /** A record was refused; nothing is opened any more. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** What is kept of an incomplete record. */
  get bufferedBytes(): number {
    return this.#reader.bufferedBytes;
  }

  /** Takes a chunk, which may be reused once `read` has returned `undefined`. */
  push(chunk: Uint8Array): void {
    this.#reader.push(chunk);
  }

  /** The next record's plaintext, in memory of its own; `undefined` when no whole record is left, or after a failure. */
  read(): Uint8Array | undefined {
    if (this.#hasFailed) return undefined;
    const body = this.#reader.read();
    const plaintext = body === undefined ? undefined : this.#cipher.state.open(undefined, body);
    if (plaintext !== undefined) this.#cipher.count(plaintext.length);
    else if (body !== undefined || this.#reader.isRefused) this.#fail();
    return plaintext;
  }

  /** Copies what is unread, for a caller that stops before `read` has returned `undefined`. */
  settle(): void {
    this.#reader.settle();
  }

  wipe(): void {
    this.#cipher.state.wipe();
    this.#reader.refuse();
  }

  #fail(): void {
    this.#hasFailed = true;
    this.wipe();
  }
}
