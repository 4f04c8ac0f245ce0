/**
 * @module ByteReader: reads the fields of what a remote sent, one after another. It never throws: a read that goes beyond the end or meets
 * what cannot be makes the reader fail for good, and every read from then on gives 0 or something empty. The owner reads a whole message
 * and asks once: `isComplete`. Numbers are big-endian.
 */
import { readF64, readU16, readU24, readU32, readU48, readU64, VARINT_BYTES_MAX } from './bytes.js';
import { hexOf } from './hex.js';
import { isPlainUtf8 } from './utf8.js';

const EMPTY = new Uint8Array(0);
const TEXT_DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

export class ByteReader {
  /** Where the next field begins. */
  at: number;
  hasFailed = false;

  /** Reads `bytes[start..end)`. */
  constructor(
    public bytes: Uint8Array,
    start = 0,
    private end = bytes.length,
  ) {
    this.at = start;
  }

  /** Starts over with other bytes, for owners that read often. */
  reset(bytes: Uint8Array, start = 0, end = bytes.length): this {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.hasFailed = false;
    return this;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.end - this.at;
  }

  /** Nothing failed, and nothing is left. */
  get isComplete(): boolean {
    return !this.hasFailed && this.at === this.end;
  }

  /** For what the owner itself finds wrong. */
  fail(): void {
    this.hasFailed = true;
    this.at = this.end;
  }

  /** Passes over `count` bytes. Returns where they begin, or -1 when there are fewer. */
  skip(count: number): number {
    const start = this.at;
    if (count <= this.end - start) {
      this.at = start + count;
      return start;
    }
    this.fail();
    return -1;
  }

  u8(): number {
    const start = this.skip(1);
    return start < 0 ? 0 : (this.bytes[start] as number);
  }

  u16(): number {
    const start = this.skip(2);
    return start < 0 ? 0 : readU16(this.bytes, start);
  }

  u24(): number {
    const start = this.skip(3);
    return start < 0 ? 0 : readU24(this.bytes, start);
  }

  u32(): number {
    const start = this.skip(4);
    return start < 0 ? 0 : readU32(this.bytes, start);
  }

  u48(): number {
    const start = this.skip(6);
    return start < 0 ? 0 : readU48(this.bytes, start);
  }

  /** A value above 2^53 - 1 fails. */
  u64(): number {
    const start = this.skip(8);
    const value = start < 0 ? 0 : readU64(this.bytes, start);
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    this.fail();
    return 0;
  }

  f64(): number {
    const start = this.skip(8);
    return start < 0 ? 0 : readF64(this.bytes, start);
  }

  /** Unsigned LEB128 of at most 32 bits, in as few bytes as it takes; any other form fails. */
  varint(): number {
    let value = 0;
    let unit = 1;
    for (let count = 0; count < VARINT_BYTES_MAX; count++) {
      const byte = this.u8();
      value += (byte & 0x7f) * unit;
      unit *= 0x80;
      if (byte >= 0x80) continue;
      if (value > 0xffff_ffff || (byte === 0 && count > 0)) break;
      return value;
    }
    this.fail();
    return 0;
  }

  /** A view of the next `count` bytes: copy what you keep. */
  view(count: number): Uint8Array {
    const start = this.skip(count);
    return start < 0 ? EMPTY : this.bytes.subarray(start, start + count);
  }

  /** The next `count` bytes in memory of their own, whatever kind of array they came in. */
  copy(count: number): Uint8Array {
    return new Uint8Array(this.view(count));
  }

  /** A view of everything that is left. */
  rest(): Uint8Array {
    return this.view(this.left);
  }

  /** `byteCount` bytes as hexadecimal digits; as many of 0 where they are missing. */
  hex(byteCount: number): string {
    const start = this.skip(byteCount);
    return start < 0 ? '0'.repeat(2 * byteCount) : hexOf(this.bytes, start, byteCount);
  }

  /** `byteCount` bytes of UTF-8. What is no text, or begins with a byte order mark, fails. */
  utf8(byteCount: number): string {
    const text = this.view(byteCount);
    if (isPlainUtf8(text, 0, text.length)) return TEXT_DECODER.decode(text);
    this.fail();
    return '';
  }
}
