/**
 * @module Codec: values to CBOR and back, for control, request and gossip bodies. cbor-x (its build without `eval`) writes and reads;
 * this file is the only one that imports it, and checks both directions, so that what one side encodes the other one accepts:
 *
 * - Carried: undefined, null, booleans, numbers, bigints of 64 bits and a sign, well-formed text, `Uint8Array`, arrays and plain objects.
 * - Changed in transit: -0 arrives as 0, a bigint within ±(2^53 - 1) as a number, an integer beyond that as a bigint (a number beyond it
 *   travels as a float and stays one), a hole of an array as undefined, any kind of plain object or array as this realm's own.
 * - Refused: everything else (a Map: use `Object.fromEntries`), and the keys and forms that `cbor-scan.ts` lists.
 *
 * Decoded values share no memory with the input. Nothing that is signed may rely on encoding again: sign and verify bytes.
 */
import { Decoder, Encoder } from 'cbor-x/index-no-eval';
import { NetworkError } from '../errors.js';
import { LIMITS } from '../limits.js';
import type { ByteWriter } from '../structures/byte-writer.js';
import { readU16, readU32 } from '../structures/bytes.js';
import { FORBIDDEN_KEYS } from './cbor-keys.js';
import { scanCbor, type ValueLimits } from './cbor-scan.js';

/** A decoded value, in an object that distinguishes a decoded `undefined` from a refusal. */
export interface Decoded {
  readonly value: unknown;
}

/** What holds where no limits are given. */
export const VALUE_LIMITS_DEFAULT: ValueLimits = { valueDepthMax: LIMITS.valueDepthMax.value, valueItemsMax: LIMITS.valueItemsMax.value };

/** cbor-x writes into a buffer of its own; with this mode it starts over at the same place, so that no caller may keep a view of it. */
const START_OVER = 1024;
const encoder = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false, mapsAsObjects: true }) as {
  encode(value: unknown, mode: number): Uint8Array;
};
const decoder = new Decoder({ useRecords: false, mapsAsObjects: true, copyBuffers: true }) as {
  decode(bytes: Uint8Array, end: number): unknown;
};
/**
 * What cbor-x reads. It hangs a DataView on its input and copies byte strings in the input's class, so that it never gets the caller's
 * bytes. Copying small inputs to one place saves making a view for each: 0.13 of 0.6 µs.
 */
const SCRATCH = new Uint8Array(4096);

/** First bytes of a byte string in its shortest form: the length within, or behind in one, two or four bytes. */
const BYTES_HEAD = 0x40;
const BYTES_HEAD_U8 = 0x58;
const BYTES_HEAD_U16 = 0x59;
const BYTES_HEAD_U32 = 0x5a;
const SMALL_BYTES = 256;

const UINT64_MAX = 2n ** 64n - 1n;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** What inspecting a value before it is encoded has found. */
interface Inspection {
  readonly limits: ValueLimits;
  itemCount: number;
  /** It holds something that cbor-x would write in another form than the plain one. */
  isIrregular: boolean;
}

/**
 * The value as CBOR, in bytes of their own. Throws `CODEC_UNENCODABLE`, naming the place, for what the module's text does not list, for
 * more than `valueItemsMax` items and for nesting beyond `valueDepthMax`, which every circle is.
 */
export function encodeValue(value: unknown, limits: ValueLimits = VALUE_LIMITS_DEFAULT): Uint8Array {
  return new Uint8Array(encodedView(value, limits));
}

/**
 * Writes the value as CBOR behind the first `at` bytes of the writer, whatever it held. These are the caller's to fill in afterwards, because
 * reading the value may run code of its author, who may write as well. Throws as `encodeValue` does, and has written nothing then.
 */
export function writeValue(writer: ByteWriter, at: number, value: unknown, limits: ValueLimits = VALUE_LIMITS_DEFAULT): void {
  const isBytes = value instanceof Uint8Array;
  const bytes = isBytes ? value : encodedView(value, limits);
  writer.clear().reserve(at);
  if (isBytes) writeBytesHead(writer, value.length);
  writer.bytes(bytes);
}

/** Valid until the next value is encoded. */
function encodedView(value: unknown, limits: ValueLimits): Uint8Array {
  const inspection: Inspection = { limits, itemCount: 0, isIrregular: false };
  const problem = problemOf(value, 0, inspection);
  if (problem !== undefined) throw new NetworkError('CODEC_UNENCODABLE', `value${problem}`);
  return encoder.encode(inspection.isIrregular ? regular(value) : value, START_OVER);
}

/** Before a byte string, the value that is sent most where speed counts: without a detour through cbor-x. */
function writeBytesHead(writer: ByteWriter, length: number): void {
  if (length < 24) writer.u8(BYTES_HEAD + length);
  else if (length <= 0xff) writer.u8(BYTES_HEAD_U8).u8(length);
  else if (length <= 0xffff) writer.u8(BYTES_HEAD_U16).u16(length);
  else writer.u8(BYTES_HEAD_U32).u32(length);
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
  const verdict = scanCbor(bytes, limits);
  if (verdict !== 'plain' && verdict !== 'wide') return undefined;
  try {
    const value = decodeScanned(bytes);
    return { value: verdict === 'wide' ? regular(value) : value };
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

/** A copy in the class Uint8Array. Small ones are copied byte by byte, because a view for it costs more. */
function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (end - start > SMALL_BYTES) return new Uint8Array(bytes.subarray(start, end));
  const copy = new Uint8Array(end - start);
  for (let index = start; index < end; index++) copy[index - start] = bytes[index] as number;
  return copy;
}

function decodeScanned(bytes: Uint8Array): unknown {
  if (bytes.length > SCRATCH.length) return decoder.decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), bytes.length);
  SCRATCH.set(bytes);
  return decoder.decode(SCRATCH, bytes.length);
}

/** The first thing that cannot be carried, as the end of a sentence that begins with where it is. Recursion is bounded by the depth. */
function problemOf(value: unknown, depth: number, inspection: Inspection): string | undefined {
  if (++inspection.itemCount > inspection.limits.valueItemsMax) return ` makes more than ${inspection.limits.valueItemsMax} items`;
  switch (typeof value) {
    case 'undefined':
    case 'boolean':
    case 'number':
      return undefined;
    case 'string':
      return textProblem(value);
    case 'bigint':
      return bigintProblem(value, inspection);
    case 'object':
      return value === null || value instanceof Uint8Array ? undefined : containerProblem(value, depth, inspection);
    default:
      return ` is a ${typeof value}`;
  }
}

function textProblem(text: string): string | undefined {
  if (text.charCodeAt(0) === 0xfeff) return ' begins with a byte order mark';
  return LONE_SURROGATE.test(text) ? ' has half of a surrogate pair' : undefined;
}

function bigintProblem(value: bigint, inspection: Inspection): string | undefined {
  if (isSafe(value)) inspection.isIrregular = true;
  return value > UINT64_MAX || value < -UINT64_MAX ? ' is a bigint of more than 64 bits' : undefined;
}

function containerProblem(value: object, depth: number, inspection: Inspection): string | undefined {
  if (depth === inspection.limits.valueDepthMax) return ` is nested deeper than ${depth} levels, or contains itself`;
  if (Array.isArray(value)) return arrayProblem(value, depth, inspection);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype) {
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
      return ` is an instance of ${value.constructor?.name ?? 'a class'}, not plain data`;
    inspection.isIrregular = true;
  }
  return objectProblem(value as Readonly<Record<string, unknown>>, depth, inspection);
}

function arrayProblem(array: readonly unknown[], depth: number, inspection: Inspection): string | undefined {
  if (Object.getPrototypeOf(array) !== Array.prototype) inspection.isIrregular = true;
  for (let index = 0; index < array.length; index++) {
    const problem = problemOf(array[index], depth + 1, inspection);
    if (problem !== undefined) return `[${index}]${problem}`;
  }
  return undefined;
}

function objectProblem(object: Readonly<Record<string, unknown>>, depth: number, inspection: Inspection): string | undefined {
  for (const key of Object.keys(object)) {
    inspection.itemCount++;
    if (FORBIDDEN_KEYS.has(key)) return ` has the key ${key}, which remotes refuse`;
    const problem = textProblem(key);
    if (problem !== undefined) return ` has a key that${problem}`;
    const inner = problemOf(object[key], depth + 1, inspection);
    if (inner !== undefined) return `.${key}${inner}`;
  }
  return undefined;
}

/** A copy in which safe integers are numbers, and objects and arrays are of this realm and no subclass. */
function regular(value: unknown): unknown {
  if (typeof value === 'bigint') return isSafe(value) ? Number(value) : value;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return Array.from(value, (item) => regular(item));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, regular(item)]));
}

function isSafe(value: bigint): boolean {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
}
