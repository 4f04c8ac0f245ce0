/**
 * @module ByteWriter: writes the fields of a message one after another into a slab that grows with them and is used again after `clear`.
 * Numbers are big-endian, and the caller has checked that they fit.
 */
import { VARINT_BYTES_MAX, writeF64, writeU16, writeU24, writeU32, writeU48, writeU64, writeVarint } from './bytes.js';
import { writeHex } from './hex.js';

const FIRST_BYTES = 256;
/** The most that one unit of a string takes in UTF-8. */
const UTF8_BYTES_PER_UNIT = 3;
const TEXT_ENCODER = new TextEncoder();

export class ByteWriter {
  /** What was written is `slab[0..length)`. Another one after a write that needed room. */
  slab: Uint8Array;
  length = 0;

  /** `slab`: what is written into first; grown, it is left as it is. */
  constructor(slab: Uint8Array = new Uint8Array(FIRST_BYTES)) {
    this.slab = slab;
  }

  /** A view of what was written, until more is. */
  get written(): Uint8Array {
    return this.slab.subarray(0, this.length);
  }

  /** What was written, in memory of its own. */
  copy(): Uint8Array {
    return new Uint8Array(this.written);
  }

  clear(): this {
    this.length = 0;
    return this;
  }

  /** Makes room for `count` bytes that the caller writes into `slab`. Returns where they begin. */
  reserve(count: number): number {
    const start = this.length;
    this.length = start + count;
    if (this.length > this.slab.length) this.#grow();
    return start;
  }

  /** Writes what was reserved at `at`, now that it is known; the next field goes behind all else, as before. */
  fill(at: number, write: (writer: this) => unknown): this {
    const { length } = this;
    this.length = at;
    write(this);
    this.length = length;
    return this;
  }

  u8(value: number): this {
    const start = this.reserve(1);
    this.slab[start] = value;
    return this;
  }

  u16(value: number): this {
    const start = this.reserve(2);
    writeU16(this.slab, start, value);
    return this;
  }

  u24(value: number): this {
    const start = this.reserve(3);
    writeU24(this.slab, start, value);
    return this;
  }

  u32(value: number): this {
    const start = this.reserve(4);
    writeU32(this.slab, start, value);
    return this;
  }

  u48(value: number): this {
    const start = this.reserve(6);
    writeU48(this.slab, start, value);
    return this;
  }

  /** A whole number from 0 to 2^53 - 1. */
  u64(value: number): this {
    const start = this.reserve(8);
    writeU64(this.slab, start, value);
    return this;
  }

  f64(value: number): this {
    const start = this.reserve(8);
    writeF64(this.slab, start, value);
    return this;
  }

  /** A whole number from 0 to 2^32 - 1 as unsigned LEB128. */
  varint(value: number): this {
    const start = this.reserve(VARINT_BYTES_MAX);
    this.length = writeVarint(this.slab, start, value);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    const start = this.reserve(bytes.length);
    this.slab.set(bytes, start);
    return this;
  }

  /** The bytes of a text of hexadecimal digits, two for each. */
  hex(digits: string): this {
    const start = this.reserve(digits.length / 2);
    writeHex(digits, this.slab, start);
    return this;
  }

  /** The text without its length. */
  utf8(text: string): this {
    const start = this.reserve(UTF8_BYTES_PER_UNIT * text.length);
    this.length = start + TEXT_ENCODER.encodeInto(text, this.slab.subarray(start)).written;
    return this;
  }

  #grow(): void {
    const grown = new Uint8Array(Math.max(2 * this.slab.length, this.length));
    grown.set(this.slab);
    this.slab = grown;
  }
}
