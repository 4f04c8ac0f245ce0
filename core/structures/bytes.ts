/**
 * @module Bytes: numbers in bytes, big-endian unless the name says otherwise, and pieces of bytes put together and compared. The
 * functions are for fixed layouts and hot paths: they check nothing, the caller has checked that the bytes are there. For everything else
 * read on in `byte-reader.ts` and `byte-writer.ts`. Nothing else in the library turns bytes into numbers.
 */
const TWO_TO_32 = 0x1_0000_0000;
/** The longest varint: 32 bits in groups of seven. */
export const VARINT_BYTES_MAX = 5;
/** Where the bits of a float are taken apart. */
const FLOAT = new DataView(new ArrayBuffer(8));

/** The number of two bytes that are read one by one. */
export function u16Of(high: number, low: number): number {
  return (high << 8) | low;
}

export function readU16(bytes: Uint8Array, at: number): number {
  return u16Of(bytes[at] as number, bytes[at + 1] as number);
}

export function readU24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}

export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)) >>> 0
  );
}

export function readU48(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at) * TWO_TO_32 + readU32(bytes, at + 2);
}

/** Above 2^53 - 1 it is rounded: no safe integer, and that is how to recognise it. */
export function readU64(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) * TWO_TO_32 + readU32(bytes, at + 4);
}

/** `count` bytes as one number; above 2^53 - 1 it is rounded. */
export function readUnsigned(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let index = at; index < at + count; index++) value = value * 256 + (bytes[index] as number);
  return value;
}

/** Signed: for words of hashes and ciphers, which only their bits matter of. */
export function readWordLittleEndian(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
}

/** The byte of a word at that place, 0 to 3, lowest first. */
export function byteOf(word: number, place: number): number {
  return (word >>> (8 * place)) & 0xff;
}

/** The word that has a byte at that place, 0 to 3, lowest first, and zeros elsewhere. */
export function wordOf(byte: number, place: number): number {
  return byte << (8 * place);
}

export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function writeU24(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 16;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value;
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

export function writeU48(bytes: Uint8Array, at: number, value: number): void {
  writeU16(bytes, at, Math.floor(value / TWO_TO_32));
  writeU32(bytes, at + 2, value);
}

/** `value`: a whole number from 0 to 2^53 - 1. */
export function writeU64(bytes: Uint8Array, at: number, value: number): void {
  writeU32(bytes, at, Math.floor(value / TWO_TO_32));
  writeU32(bytes, at + 4, value);
}

export function writeWordLittleEndian(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** Exactly, whatever its size. */
export function readBigU64(bytes: Uint8Array, at: number): bigint {
  return (BigInt(readU32(bytes, at)) << 32n) | BigInt(readU32(bytes, at + 4));
}

/** `value`: 0 to 2^64 - 1. */
export function writeBigU64(bytes: Uint8Array, at: number, value: bigint): void {
  writeU32(bytes, at, Number(value >> 32n));
  writeU32(bytes, at + 4, Number(value & 0xffff_ffffn));
}

/** A float of 16 bits: a sign, 5 bits of exponent, 10 of fraction. */
export function readF16(bytes: Uint8Array, at: number): number {
  const bits = readU16(bytes, at);
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

export function readF32(bytes: Uint8Array, at: number): number {
  FLOAT.setUint32(0, readU32(bytes, at));
  return FLOAT.getFloat32(0);
}

export function readF64(bytes: Uint8Array, at: number): number {
  FLOAT.setUint32(0, readU32(bytes, at));
  FLOAT.setUint32(4, readU32(bytes, at + 4));
  return FLOAT.getFloat64(0);
}

export function writeF64(bytes: Uint8Array, at: number, value: number): void {
  FLOAT.setFloat64(0, value);
  writeU32(bytes, at, FLOAT.getUint32(0));
  writeU32(bytes, at + 4, FLOAT.getUint32(4));
}

/** Copies a few bytes, which `set` costs more for than they are worth. Returns the offset behind them. */
export function copyFew(from: Uint8Array, to: Uint8Array, at: number): number {
  for (let index = 0; index < from.length; index++) to[at + index] = from[index] as number;
  return at + from.length;
}

/** Up to so many bytes a loop is faster than `set` with the view that it needs. */
const FEW_BYTES = 128;

/** Copies `from[start..end)`. */
export function copyRange(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (start === 0 && end === from.length) return to.set(from, at);
  if (end - start > FEW_BYTES) return to.set(from.subarray(start, end), at);
  const shift = at - start;
  for (let index = start; index < end; index++) to[index + shift] = from[index] as number;
}

/** The same bytes, of which `slice` is a copy: of a Buffer it is a view. */
export function plainOf(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** `from[start..end)` in memory of its own. */
export function copyOf(from: Uint8Array, start: number, end: number): Uint8Array {
  return plainOf(from).slice(start, end);
}

/** How many bytes `writeVarint` takes for a whole number from 0 to 2^32 - 1. */
export function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : VARINT_BYTES_MAX;
}

/** A whole number from 0 to 2^32 - 1 in groups of seven bits, lowest first (unsigned LEB128). Returns the offset behind it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let next = at;
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes[next++] = (rest & 0x7f) | 0x80;
  bytes[next++] = rest;
  return next;
}

/** The number that `writeVarint` has written there; it has `varintBytes` of it. */
export function readVarint(bytes: Uint8Array, at: number): number {
  let value = 0;
  let unit = 1;
  for (let next = at; ; unit *= 0x80) {
    const byte = bytes[next++] as number;
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) return value;
  }
}

/** All pieces in memory of their own. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Not for secrets: it stops at the first difference. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at++) if (left[at] !== right[at]) return false;
  return true;
}

const NONE = new Uint8Array(0);
const NO_WORDS = new DataView(NONE.buffer);

/** Compares places of a buffer with fixed bytes word by word: a third of the time that bytes one by one take. */
export class WordView {
  private bytes: Uint8Array = NONE;
  private words: DataView = NO_WORDS;

  /** From now on it looks at these. Costs something only when they are others than before. */
  lookAt(bytes: Uint8Array): void {
    if (bytes === this.bytes) return;
    this.bytes = bytes;
    this.words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** The bytes are let go. */
  release(): void {
    this.bytes = NONE;
    this.words = NO_WORDS;
  }

  /** Whether the bytes at `offset` begin with all bytes of `other`, whose count is a multiple of 4. */
  matches(offset: number, other: WordView): boolean {
    const { words } = this;
    const { words: otherWords } = other;
    for (let at = 0; at < other.bytes.length; at += 4) if (words.getInt32(offset + at) !== otherWords.getInt32(at)) return false;
    return true;
  }
}
