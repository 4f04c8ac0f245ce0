/**
 * @module CBOR reader: makes the value of bytes that `cbor-scan.ts` has accepted, and so checks nothing about them but their end, in case another
 * thread changes them meanwhile. What it makes shares no memory with them.
 */
import { readBigU64, readF16, readF32, readF64, readU16, readU32, readU64 } from '../structures/bytes.js';

const FALSE = 20;
const TRUE = 21;
const NULL = 22;
const UNDEFINED = 23;
const FLOAT_16 = 25;
const FLOAT_32 = 26;

/** Small pieces are handled byte by byte, because a view for them costs more. */
const SMALL_BYTES = 256;
const SHORT_TEXT = 32;
/** By length: the characters of the text that is being read. */
const CODES = Array.from({ length: SHORT_TEXT + 1 }, (_, length) => new Array<number>(length).fill(0));
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });
/** Short keys of earlier maps, ASCII alone, by length and two of their bytes: the same string as before finds its place in an object in half the time. */
const KEYS: string[] = new Array(1024).fill('');

/** A copy in the class Uint8Array. */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (end - start > SMALL_BYTES) return new Uint8Array(bytes.subarray(start, end));
  const copy = new Uint8Array(end - start);
  for (let index = start; index < end; index++) copy[index - start] = bytes[index] as number;
  return copy;
}

/**
 * The text if it is ASCII and short, without the decoder's fixed cost. It is made at once: one that is put together character by character
 * stays a chain of its pieces, 32 bytes each, for as long as it lives.
 */
function asciiOf(bytes: Uint8Array, start: number, end: number): string | undefined {
  const codes = CODES[end - start] as number[];
  for (let index = start; index < end; index++) {
    const byte = bytes[index] as number;
    if (byte > 0x7f) return undefined;
    codes[index - start] = byte;
  }
  return String.fromCharCode.apply(undefined, codes);
}

function isText(bytes: Uint8Array, start: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[start + index] !== text.charCodeAt(index)) return false;
  return true;
}

export class CborReader {
  private position = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** The next item, with all that is in it. */
  read(): unknown {
    if (this.position >= this.bytes.length) throw new RangeError('the bytes have changed');
    const initial = this.bytes[this.position++] as number;
    const info = initial & 0x1f;
    switch (initial >> 5) {
      case 0:
        return info === 27 ? this.wide(false) : this.argument(info);
      case 1:
        return info === 27 ? this.wide(true) : -1 - this.argument(info);
      case 2:
        return this.byteString(this.argument(info));
      case 3:
        return this.text(this.argument(info));
      case 4:
        return this.array(this.argument(info));
      case 5:
        return this.map(this.argument(info));
      default:
        return this.simpleOrFloat(info);
    }
  }

  private argument(info: number): number {
    const { bytes, position: at } = this;
    switch (info) {
      case 24:
        this.position = at + 1;
        return bytes[at] as number;
      case 25:
        this.position = at + 2;
        return readU16(bytes, at);
      case 26:
        this.position = at + 4;
        return readU32(bytes, at);
      default:
        return info;
    }
  }

  /** An integer of 64 bits: a number where that is exact. */
  private wide(isNegative: boolean): number | bigint {
    const at = this.position;
    this.position = at + 8;
    const rounded = readU64(this.bytes, at);
    const number = isNegative ? -1 - rounded : rounded;
    if (Number.isSafeInteger(number)) return number;
    const exact = readBigU64(this.bytes, at);
    return isNegative ? -1n - exact : exact;
  }

  private byteString(length: number): Uint8Array {
    const start = this.position;
    this.position = start + length;
    return copyOf(this.bytes, start, this.position);
  }

  private text(length: number): string {
    const start = this.position;
    this.position = start + length;
    return (length <= SHORT_TEXT && asciiOf(this.bytes, start, this.position)) || DECODER.decode(this.bytes.subarray(start, this.position));
  }

  private array(length: number): unknown[] {
    const items: unknown[] = new Array(length);
    for (let index = 0; index < length; index++) items[index] = this.read();
    return items;
  }

  private map(size: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    for (let index = 0; index < size; index++) {
      const key = this.key();
      object[key] = this.read();
    }
    return object;
  }

  private key(): string {
    const { bytes, position } = this;
    const length = (bytes[position] as number) & 0x1f;
    if (length === 0 || length >= 24) return this.read() as string;
    const place = ((length << 5) ^ ((bytes[position + 1] as number) << 2) ^ (bytes[position + length] as number)) & 0x3ff;
    const known = KEYS[place] as string;
    if (known.length === length && isText(bytes, position + 1, known)) {
      this.position = position + 1 + length;
      return known;
    }
    const key = this.read() as string;
    if (key.length === length) KEYS[place] = key;
    return key;
  }

  private simpleOrFloat(info: number): unknown {
    switch (info) {
      case FALSE:
        return false;
      case TRUE:
        return true;
      case NULL:
        return null;
      case UNDEFINED:
        return undefined;
      default:
        return this.float(info);
    }
  }

  private float(info: number): number {
    const { bytes, position: at } = this;
    this.position = at + (1 << (info - 24));
    if (info === FLOAT_16) return readF16(bytes, at);
    return info === FLOAT_32 ? readF32(bytes, at) : readF64(bytes, at);
  }
}
