/**
 * @module Codec: values to CBOR and back, for control, request and gossip bodies. `cbor-writer.ts` writes,
 * `cbor-scan.ts` checks what came, and `cbor-reader.ts` reads it, so that what one side encodes the other one accepts:
 *
 * - Carried: undefined, null, booleans, numbers, bigints of 64 bits and a sign, well-formed text, `Uint8Array`, arrays and plain objects.
 * - Changed in transit: -0 arrives as 0, a bigint within ±(2^53 - 1) as a number, an integer beyond that as a bigint (a number beyond it
 *   travels as a float and stays one), a hole of an array as undefined, any kind of plain object or array as this realm's own.
 * - Refused: everything else (a Map: use `Object.fromEntries`), and the keys and forms that `cbor-scan.ts` lists.
 *
 * Decoded values share no memory with the input. Nothing that is signed may rely on encoding again: sign and verify bytes.
 */
import { NetworkError } from '../errors.js';
import { LIMITS } from '../limits.js';
import type { ByteWriter } from '../structures/byte-writer.js';
import { readU16, readU32 } from '../structures/bytes.js';
import { CborReader, copyOf } from './cbor-reader.js';
import { scanCbor, type ValueLimits } from './cbor-scan.js';
import { CborWriter, writeHead } from './cbor-writer.js';

/** A decoded value, in an object that distinguishes a decoded `undefined` from a refusal. */
export interface Decoded {
  readonly value: unknown;
}

/** What holds where no limits are given. */
export const VALUE_LIMITS_DEFAULT: ValueLimits = { valueDepthMax: LIMITS.valueDepthMax.value, valueItemsMax: LIMITS.valueItemsMax.value };

/** First bytes of a byte string in its shortest form: the length within, or behind in one, two or four bytes. */
const BYTES_HEAD = 0x40;
const BYTES_HEAD_U8 = 0x58;
const BYTES_HEAD_U16 = 0x59;
const BYTES_HEAD_U32 = 0x5a;
/** A larger slab is not kept for the next value. */
const SLAB_KEPT_MAX = 1_048_576;
/** The writer of the next value; absent while a value is being written. */
let spare: CborWriter | undefined;

/**
 * The value as CBOR, in bytes of their own. Throws `CODEC_UNENCODABLE`, naming the place, for what the module's text does not list, for
 * more than `valueItemsMax` items and for nesting beyond `valueDepthMax`, which every circle is.
 */
export function encodeValue(value: unknown, limits: ValueLimits = VALUE_LIMITS_DEFAULT): Uint8Array {
  return written(value, limits, (out) => out.copy());
}

/**
 * Writes the value as CBOR behind the first `at` bytes of the writer, whatever it held. These are the caller's to fill in afterwards, because
 * reading the value may run code of its author, who may write as well. Throws as `encodeValue` does, and has written nothing then.
 */
export function writeValue(writer: ByteWriter, at: number, value: unknown, limits: ValueLimits = VALUE_LIMITS_DEFAULT): void {
  if (value instanceof Uint8Array) {
    writer.clear().reserve(at);
    writeHead(writer, BYTES_HEAD, value.length);
    writer.bytes(value);
  } else {
    written(value, limits, (out) => {
      writer.clear().reserve(at);
      writer.bytes(out.written);
    });
  }
}

/** What `take` makes of the encoded value, whose bytes serve the next one. */
function written<T>(value: unknown, limits: ValueLimits, take: (out: ByteWriter) => T): T {
  const writer = spare ?? new CborWriter();
  spare = undefined;
  const problem = writer.write(value, limits);
  if (problem !== undefined) throw new NetworkError('CODEC_UNENCODABLE', `value${problem}`);
  const taken = take(writer.out);
  if (writer.out.slab.length <= SLAB_KEPT_MAX) spare = writer;
  return taken;
}

/** The value that `bytes` hold, or `undefined` when they are not acceptable (`scanCbor` names the reason). Never throws. */
export function decodeValue(bytes: Uint8Array, limits: ValueLimits = VALUE_LIMITS_DEFAULT): Decoded | undefined {
  return decodeValueAt(bytes, 0, bytes.length, limits);
}

/** As `decodeValue`, of `bytes[start..end)`. */
export function decodeValueAt(bytes: Uint8Array, start: number, end: number, limits: ValueLimits): Decoded | undefined {
  const contentAt = byteStringAt(bytes, start, end);
  if (contentAt > 0) return { value: copyOf(bytes, contentAt, end) };
  return decodeWhole(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), limits);
}

function decodeWhole(bytes: Uint8Array, limits: ValueLimits): Decoded | undefined {
  if (scanCbor(bytes, limits) !== 'plain') return undefined;
  try {
    return { value: new CborReader(bytes).read() };
  } catch {
    // Not by bytes alone: memory that another thread changes, or an application that put accessors on Object.prototype.
    return undefined;
  }
}

/** Where the content begins if there is nothing but one byte string in its shortest form; 0 for all else, which is scanned. */
function byteStringAt(bytes: Uint8Array, start: number, end: number): number {
  const first = start < end ? (bytes[start] as number) : 0;
  if (first < BYTES_HEAD || first > BYTES_HEAD_U32) return 0;
  const length = end - start;
  if (first < BYTES_HEAD_U8) return length === 1 + first - BYTES_HEAD ? start + 1 : 0;
  if (first === BYTES_HEAD_U8) return length >= 2 + 24 && bytes[start + 1] === length - 2 ? start + 2 : 0;
  if (first === BYTES_HEAD_U16) return length > 3 + 0xff && readU16(bytes, start + 1) === length - 3 ? start + 3 : 0;
  return length > 5 + 0xffff && readU32(bytes, start + 1) === length - 5 ? start + 5 : 0;
}
