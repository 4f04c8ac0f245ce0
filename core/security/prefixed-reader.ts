/**
 * @module PrefixedReader: cuts a byte stream, however it is chopped, into bodies behind a `u16` big-endian length. A body that lies
 * whole in a chunk is handed out as a view; only the rest of an incomplete one is copied, into a buffer that serves one body after
 * another while the stream is busy. An idle stream keeps none.
 */

import { NetworkError } from '../errors.js';
import { giveBuffer, takeBuffer } from '../structures/buffer-pool.js';
import { u16Of } from '../structures/bytes.js';

const EMPTY = new Uint8Array(0);
const UNKNOWN = -1;

export class PrefixedReader {
  #chunk: Uint8Array = EMPTY;
  #offset = 0;
  /** The first byte of a length whose second has not come. */
  #highByte = UNKNOWN;
  /** The length of the body that is next. */
  #length = UNKNOWN;
  /** An incomplete body and how much of it there is. */
  #body: Uint8Array | undefined;
  #filled = 0;
  /** The buffer of the last body that was put together; gone when a chunk ends between two bodies. */
  #spare: Uint8Array = EMPTY;
  #isRefused = false;

  /** Bodies shorter than `minBytes` or longer than `maxBytes` are refused from their length alone. */
  constructor(
    private minBytes: number,
    private maxBytes: number,
  ) {}

  /** A length was out of bounds; nothing is read any more. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** What is kept between two chunks. */
  get bufferedBytes(): number {
    return this.#spare.length;
  }

  /** For the bodies that follow. Only between two of them, as when `read` has just returned one. */
  setBounds(minBytes: number, maxBytes: number): void {
    this.minBytes = minBytes;
    this.maxBytes = maxBytes;
  }

  /** `chunk` may be reused as soon as `read` has returned `undefined`. Throws while an earlier chunk is not read to its end. */
  push(chunk: Uint8Array): void {
    if (this.#isRefused) return;
    if (this.#offset < this.#chunk.length)
      throw new NetworkError('ARGUMENT_INVALID', 'a chunk was pushed before the one before it was read');
    this.#chunk = chunk;
    this.#offset = 0;
  }

  /** The next body, valid until the next call of any method; `undefined` when the chunk is used up (what was left of it is copied) or refused. */
  read(): Uint8Array | undefined {
    if (this.#isRefused || (this.#length === UNKNOWN && !this.#readLength())) return undefined;
    const length = this.#length;
    if (this.#body !== undefined || this.#chunk.length - this.#offset < length) return this.#assemble(length);
    this.#length = UNKNOWN;
    this.#offset += length;
    const body = this.#chunk.subarray(this.#offset - length, this.#offset);
    this.#dropUsedChunk();
    return body;
  }

  /** Copies what is unread, for a caller that stops before the chunk is used up. A chunk may be a Buffer, whose `slice` is a view. */
  settle(): void {
    if (this.#offset === this.#chunk.length) return;
    this.#chunk = new Uint8Array(this.#chunk.subarray(this.#offset));
    this.#offset = 0;
  }

  /** Forgets everything; nothing is read any more. */
  refuse(): void {
    this.#isRefused = true;
    this.#body = undefined;
    this.#spare = EMPTY;
    this.#chunk = EMPTY;
  }

  #readLength(): boolean {
    while (this.#offset < this.#chunk.length) {
      const byte = this.#chunk[this.#offset++] as number;
      if (this.#highByte === UNKNOWN) {
        this.#highByte = byte;
        continue;
      }
      this.#length = u16Of(this.#highByte, byte);
      this.#highByte = UNKNOWN;
      if (this.#length >= this.minBytes && this.#length <= this.maxBytes) return true;
      this.refuse();
      return false;
    }
    this.#dropUsedChunk();
    return false;
  }

  #assemble(length: number): Uint8Array | undefined {
    if (this.#offset === this.#chunk.length) {
      this.#dropUsedChunk();
      return undefined;
    }
    this.#body ??= this.#bufferOf(length);
    const end = Math.min(this.#chunk.length, this.#offset + length - this.#filled);
    this.#body.set(this.#chunk.subarray(this.#offset, end), this.#filled);
    this.#filled += end - this.#offset;
    this.#offset = end;
    this.#dropUsedChunk();
    if (this.#filled < length) return undefined;
    const body = this.#body;
    this.#body = undefined;
    this.#filled = 0;
    this.#length = UNKNOWN;
    return body;
  }

  #bufferOf(length: number): Uint8Array {
    if (this.#spare.length < length) {
      giveBuffer(this.#spare);
      this.#spare = takeBuffer(length);
    }
    return this.#spare.length === length ? this.#spare : this.#spare.subarray(0, length);
  }

  /** The transport owns it; an idle stream must not keep it alive. */
  #dropUsedChunk(): void {
    if (this.#offset < this.#chunk.length) return;
    this.#chunk = EMPTY;
    this.#offset = 0;
    if (this.#length !== UNKNOWN || this.#spare === EMPTY) return;
    giveBuffer(this.#spare);
    this.#spare = EMPTY;
  }
}
