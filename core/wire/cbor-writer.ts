/**
 * @module CBOR writer: one pass that checks a value and writes it, in the shortest heads, numbers beyond 32 bits as floats of 64. What it takes and
 * refuses stands in `codec.ts`. Reading a value may run code of its author, which may encode values of its own: each pass has its own writer.
 */
import { ByteWriter } from '../structures/byte-writer.js';
import { writeBigU64, writeF64 } from '../structures/bytes.js';
import { FORBIDDEN_KEYS } from './cbor-keys.js';
import type { ValueLimits } from './cbor-scan.js';

const UNSIGNED = 0x00;
const NEGATIVE = 0x20;
const BYTES = 0x40;
const TEXT = 0x60;
const ARRAY = 0x80;
const MAP = 0xa0;
const FALSE = 0xf4;
const TRUE = 0xf5;
const NULL = 0xf6;
const UNDEFINED = 0xf7;
const FLOAT_64 = 0xfb;
/** Behind the major type: the argument follows in 1, 2, 4 or 8 bytes. */
const IN_U8 = 24;
const IN_U16 = 25;
const IN_U32 = 26;
const IN_U64 = 27;
/** The longest head of a length that memory has. */
const HEAD_BYTES_MAX = 5;

const UINT32_MAX = 2 ** 32 - 1;
const UINT64_MAX = 2n ** 64n - 1n;
const BYTE_ORDER_MARK = 0xfeff;
const LONE_SURROGATE = /\p{Surrogate}/u;
/** Longer texts take the encoder's fixed cost. */
const SHORT_TEXT = 64;

/** The head of a length or a whole number below 2^32. */
export function writeHead(out: ByteWriter, major: number, argument: number): void {
  if (argument < IN_U8) out.u8(major | argument);
  else if (argument <= 0xff) out.u8(major | IN_U8).u8(argument);
  else if (argument <= 0xffff) out.u8(major | IN_U16).u16(argument);
  else out.u8(major | IN_U32).u32(argument);
}

export class CborWriter {
  readonly out = new ByteWriter();
  private depthMax = 0;
  private itemsMax = 0;
  private itemCount = 0;

  /** Writes the value into `out`. What cannot be carried is returned, as the end of a sentence that begins with where it is. */
  write(value: unknown, { valueDepthMax, valueItemsMax }: ValueLimits): string | undefined {
    this.out.clear();
    this.depthMax = valueDepthMax;
    this.itemsMax = valueItemsMax;
    this.itemCount = 0;
    return this.item(value, 0);
  }

  /** Recursion is bounded by the depth. */
  private item(value: unknown, depth: number): string | undefined {
    if (++this.itemCount > this.itemsMax) return ` makes more than ${this.itemsMax} items`;
    switch (typeof value) {
      case 'undefined':
        this.out.u8(UNDEFINED);
        return undefined;
      case 'boolean':
        this.out.u8(value ? TRUE : FALSE);
        return undefined;
      case 'number':
        this.number(value);
        return undefined;
      case 'string':
        return this.text(value);
      case 'bigint':
        return this.bigint(value);
      case 'object':
        return this.object(value, depth);
      default:
        return ` is a ${typeof value}`;
    }
  }

  private number(value: number): void {
    if (value >= -UINT32_MAX - 1 && value <= UINT32_MAX && Number.isInteger(value)) {
      if (value < 0) writeHead(this.out, NEGATIVE, -1 - value);
      else writeHead(this.out, UNSIGNED, value);
      return;
    }
    const at = this.out.u8(FLOAT_64).reserve(8);
    writeF64(this.out.slab, at, value);
  }

  private bigint(value: bigint): string | undefined {
    if (value > UINT64_MAX || value < -UINT64_MAX) return ' is a bigint of more than 64 bits';
    if (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) {
      this.number(Number(value));
      return undefined;
    }
    const at = this.out.u8((value < 0n ? NEGATIVE : UNSIGNED) | IN_U64).reserve(8);
    writeBigU64(this.out.slab, at, value < 0n ? -1n - value : value);
    return undefined;
  }

  private text(text: string): string | undefined {
    if (text.length <= SHORT_TEXT && this.ascii(text)) return undefined;
    if (text.charCodeAt(0) === BYTE_ORDER_MARK) return ' begins with a byte order mark';
    if (LONE_SURROGATE.test(text)) return ' has half of a surrogate pair';
    const { out } = this;
    const start = out.reserve(HEAD_BYTES_MAX);
    const byteCount = out.utf8(text).length - start - HEAD_BYTES_MAX;
    out.length = start;
    writeHead(out, TEXT, byteCount);
    out.slab.copyWithin(out.length, start + HEAD_BYTES_MAX, start + HEAD_BYTES_MAX + byteCount);
    out.reserve(byteCount);
    return undefined;
  }

  /** A short text of ASCII alone. False: it is not, and nothing is written. */
  private ascii(text: string): boolean {
    const { out } = this;
    const before = out.length;
    writeHead(out, TEXT, text.length);
    const start = out.reserve(text.length);
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) {
        out.length = before;
        return false;
      }
      out.slab[start + index] = unit;
    }
    return true;
  }

  private object(value: object | null, depth: number): string | undefined {
    if (value === null) this.out.u8(NULL);
    else if (value instanceof Uint8Array) {
      writeHead(this.out, BYTES, value.length);
      this.out.bytes(value);
    } else if (depth === this.depthMax) return ` is nested deeper than ${depth} levels, or contains itself`;
    else return Array.isArray(value) ? this.array(value, depth) : this.map(value, depth);
    return undefined;
  }

  private array(array: readonly unknown[], depth: number): string | undefined {
    const { length } = array;
    writeHead(this.out, ARRAY, length);
    for (let index = 0; index < length; index++) {
      const problem = this.item(array[index], depth + 1);
      if (problem !== undefined) return `[${index}]${problem}`;
    }
    return undefined;
  }

  private map(object: object, depth: number): string | undefined {
    const prototype: unknown = Object.getPrototypeOf(object);
    if (prototype !== Object.prototype && prototype !== null && Object.getPrototypeOf(prototype) !== null)
      return object instanceof Promise
        ? ' is a promise: await it first'
        : ` is an instance of ${object.constructor?.name ?? 'a class'}, not plain data`;
    const keys = Object.keys(object);
    writeHead(this.out, MAP, keys.length);
    for (const key of keys) {
      this.itemCount++;
      if (FORBIDDEN_KEYS.has(key)) return ` has the key ${key}, which remotes refuse`;
      const problem = this.text(key);
      if (problem !== undefined) return ` has a key that${problem}`;
      const inner = this.item((object as Readonly<Record<string, unknown>>)[key], depth + 1);
      if (inner !== undefined) return `.${key}${inner}`;
    }
    return undefined;
  }
}
