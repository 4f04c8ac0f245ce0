/**
 * @module CBOR scan: one bounded, iterative pass that decides whether bytes are a value this project accepts, before anything is
 * decoded or allocated for it. Accepted is a strict part of RFC 8949: one item and nothing behind it, definite lengths, heads in their
 * shortest form, no tags, no simple values but false, true, null and undefined, floats of 16, 32 and 64 bits, valid UTF-8, and text keys that
 * are unique within their map and no names of what every object has. It makes no values; `codec.ts` does, and is where to read next.
 */
import type { Limits } from './limits.js';

/** The bounds of one value. A node's `Limits` are such. */
export type ValueLimits = Pick<Limits, 'valueDepthMax' | 'valueItemsMax'>;

/** Why bytes are refused. */
export type CborRefusal =
  /** The input ends within an item, or a length promises more than there is. */
  | 'truncated'
  /** Bytes follow the item. */
  | 'trailing'
  /** Additional information 28 to 30. */
  | 'reserved'
  /** An indefinite length, or a break. */
  | 'indefinite'
  | 'tag'
  /** A number or length that would fit a shorter head. */
  | 'not-shortest'
  /** A simple value other than false, true, null and undefined. */
  | 'simple'
  /** No valid UTF-8, or a leading byte order mark, which decoders drop. */
  | 'text'
  /** A map key that is no text. */
  | 'key-type'
  /** A map key of `FORBIDDEN_KEYS`. */
  | 'key-forbidden'
  | 'key-duplicate'
  | 'depth'
  | 'items';

/** `wide`: accepted, with an integer in 64 bits somewhere. */
export type CborVerdict = 'plain' | 'wide' | CborRefusal;

/**
 * Keys that no map may have. An own property of such a name changes what code does that handles the object (a call of
 * `value.hasOwnProperty` or a conversion to text throws), and cannot be assigned where Object.prototype is frozen.
 */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set([
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
  'toLocaleString',
  'toString',
  'valueOf',
  '__defineGetter__',
  '__defineSetter__',
  '__lookupGetter__',
  '__lookupSetter__',
]);

/** What the item is, by the upper three bits of its first byte. */
const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const OTHER = 7;

/** Up to so many keys are compared pair by pair; more go to a set. */
const PAIRWISE_KEYS_MAX = 16;
const TWO_TO_32 = 0x1_0000_0000;
const NOTHING = new Uint8Array(0);
const KEY_DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

const FORBIDDEN_BY_LENGTH: readonly (readonly Uint8Array[])[] = byLength([...FORBIDDEN_KEYS].map((key) => new TextEncoder().encode(key)));

/** The state of one pass. One instance serves all, because a pass calls nobody and ends before the next begins. */
class CborScan {
  private bytes: Uint8Array = NOTHING;
  private depthMax = 0;
  private itemsMax = 0;
  private position = 0;
  /** The value or length of the last head. */
  private argument = 0;
  private isWide = false;
  /** Items that were announced so far, keys included. */
  private itemCount = 0;
  /** How many containers are open; index of the arrays below, of which 0 is the outermost item itself. */
  private depth = 0;
  /** Items that an open container still lacks. A key is due in a map when it is even. */
  private readonly missing: number[] = [1];
  private readonly isMap: boolean[] = [false];
  /** Where the keys of an open map begin in the two lists below. */
  private readonly firstKey: number[] = [0];
  private readonly keyStarts: number[] = [];
  private readonly keyEnds: number[] = [];
  private keyCount = 0;
  /** The keys of an open map that has many. */
  private readonly keySets: (Set<string> | undefined)[] = [undefined];

  run(bytes: Uint8Array, limits: ValueLimits): CborVerdict {
    this.begin(bytes, limits);
    let refusal = this.item();
    while (refusal === undefined && this.advance()) refusal = this.item();
    const hasTrailing = this.position < bytes.length;
    this.bytes = NOTHING;
    this.keySets.length = 0;
    if (refusal !== undefined) return refusal;
    if (hasTrailing) return 'trailing';
    return this.isWide ? 'wide' : 'plain';
  }

  private begin(bytes: Uint8Array, limits: ValueLimits): void {
    this.bytes = bytes;
    this.depthMax = limits.valueDepthMax;
    this.itemsMax = limits.valueItemsMax;
    this.position = 0;
    this.isWide = false;
    this.itemCount = 1;
    this.depth = 0;
    this.missing[0] = 1;
    this.keyCount = 0;
  }

  /** Leaves the containers that are complete. Whether another item is due. */
  private advance(): boolean {
    while (this.missing[this.depth] === 0) {
      if (this.depth === 0) return false;
      this.keyCount = this.firstKey[this.depth] as number;
      this.depth--;
    }
    return true;
  }

  private item(): CborRefusal | undefined {
    if (this.position >= this.bytes.length) return 'truncated';
    const initial = this.bytes[this.position++] as number;
    const major = initial >> 5;
    const missing = this.missing[this.depth] as number;
    const isKey = this.isMap[this.depth] === true && (missing & 1) === 0;
    if (isKey && major !== TEXT) return 'key-type';
    this.missing[this.depth] = missing - 1;
    if (major === OTHER) return this.simpleOrFloat(initial & 0x1f);
    return this.head(initial & 0x1f) ?? (isKey ? this.key() : this.content(major));
  }

  private content(major: number): CborRefusal | undefined {
    switch (major) {
      case UNSIGNED:
      case NEGATIVE:
        if (this.argument >= TWO_TO_32) this.isWide = true;
        return undefined;
      case BYTES:
        return this.skip(this.argument);
      case TEXT:
        return this.text();
      case ARRAY:
        return this.open(this.argument, false);
      case MAP:
        return this.open(this.argument * 2, true);
      default:
        return 'tag';
    }
  }

  /** Reads the argument of a head. One of 64 bits is rounded beyond 2^53, where it can only be a length that no input has, or wide. */
  private head(info: number): CborRefusal | undefined {
    if (info < 24) {
      this.argument = info;
      return undefined;
    }
    if (info > 27) return info === 31 ? 'indefinite' : 'reserved';
    const start = this.position;
    const size = 1 << (info - 24);
    if (this.skip(size) !== undefined) return 'truncated';
    let argument = 0;
    for (let at = start; at < this.position; at++) argument = argument * 256 + (this.bytes[at] as number);
    this.argument = argument;
    const leastForSize = size === 1 ? 24 : 256 ** (size / 2);
    return argument < leastForSize ? 'not-shortest' : undefined;
  }

  private simpleOrFloat(info: number): CborRefusal | undefined {
    if (info >= 20 && info <= 23) return undefined;
    if (info >= 25 && info <= 27) return this.skip(1 << (info - 24));
    if (info === 31) return 'indefinite';
    return info >= 28 ? 'reserved' : 'simple';
  }

  private skip(byteCount: number): CborRefusal | undefined {
    if (byteCount > this.bytes.length - this.position) return 'truncated';
    this.position += byteCount;
    return undefined;
  }

  private text(): CborRefusal | undefined {
    const start = this.position;
    if (this.skip(this.argument) !== undefined) return 'truncated';
    return isPlainUtf8(this.bytes, start, this.position) ? undefined : 'text';
  }

  /** Every item takes a byte at least, so that a length which lies is found before anything is kept for it. */
  private open(items: number, isMap: boolean): CborRefusal | undefined {
    if (this.depth === this.depthMax) return 'depth';
    if (items > this.bytes.length - this.position) return 'truncated';
    this.itemCount += items;
    if (this.itemCount > this.itemsMax) return 'items';
    this.depth++;
    this.missing[this.depth] = items;
    this.isMap[this.depth] = isMap;
    this.firstKey[this.depth] = this.keyCount;
    this.keySets[this.depth] = isMap && items > 2 * PAIRWISE_KEYS_MAX ? new Set() : undefined;
    return undefined;
  }

  private key(): CborRefusal | undefined {
    const start = this.position;
    const refusal = this.text();
    if (refusal !== undefined) return refusal;
    if (isForbidden(this.bytes, start, this.position)) return 'key-forbidden';
    const set = this.keySets[this.depth];
    return (set === undefined ? this.isNewAmongFew(start) : this.isNewInSet(set, start)) ? undefined : 'key-duplicate';
  }

  private isNewInSet(set: Set<string>, start: number): boolean {
    const sizeBefore = set.size;
    return set.add(KEY_DECODER.decode(this.bytes.subarray(start, this.position))).size > sizeBefore;
  }

  private isNewAmongFew(start: number): boolean {
    const length = this.position - start;
    for (let index = this.firstKey[this.depth] as number; index < this.keyCount; index++) {
      const otherStart = this.keyStarts[index] as number;
      if ((this.keyEnds[index] as number) - otherStart === length && isSame(this.bytes, start, this.bytes, otherStart, length))
        return false;
    }
    this.keyStarts[this.keyCount] = start;
    this.keyEnds[this.keyCount++] = this.position;
    return true;
  }
}

const SCAN = new CborScan();

/** Whether `bytes` are one acceptable value, or why not. Never throws, and costs time in proportion to the bytes read. */
export function scanCbor(bytes: Uint8Array, limits: ValueLimits): CborVerdict {
  return SCAN.run(bytes, limits);
}

function isSame(left: Uint8Array, leftStart: number, right: Uint8Array, rightStart: number, length: number): boolean {
  for (let index = 0; index < length; index++) if (left[leftStart + index] !== right[rightStart + index]) return false;
  return true;
}

function byLength(words: readonly Uint8Array[]): Uint8Array[][] {
  const longest = Math.max(...words.map((word) => word.length));
  return Array.from({ length: longest + 1 }, (_, length) => words.filter((word) => word.length === length));
}

function isForbidden(bytes: Uint8Array, start: number, end: number): boolean {
  const words = FORBIDDEN_BY_LENGTH[end - start];
  if (words === undefined || words.length === 0) return false;
  return words.some((word) => isSame(bytes, start, word, 0, word.length));
}

function isPlainUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start >= 3 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf) return false;
  let at = start;
  while (at < end) {
    if ((bytes[at] as number) < 0x80) at++;
    else {
      const size = sequenceSize(bytes, at, end);
      if (size === 0) return false;
      at += size;
    }
  }
  return true;
}

/** The length of the multi-byte sequence at `at`, or 0 if it is invalid: cut short, overlong, a surrogate or beyond U+10FFFF. */
function sequenceSize(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at] as number;
  const size = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (size === 0 || at + size > end) return 0;
  const second = bytes[at + 1] as number;
  const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return 0;
  for (let index = at + 2; index < at + size; index++) if (((bytes[index] as number) & 0xc0) !== 0x80) return 0;
  return size;
}
