/**
 * @module CBOR scan: one bounded, iterative pass that decides whether bytes are a value this project accepts, before anything is
 * decoded or allocated for it. Accepted is a strict part of RFC 8949: one item and nothing behind it, definite lengths, heads in their
 * shortest form, no tags, no simple values but false, true, null and undefined, floats of 16, 32 and 64 bits, valid UTF-8, and text keys that
 * are unique within their map and no names of what every object has. It makes no values; `cbor-reader.ts` does.
 */

import type { Limits } from '../limits.js';
import { readUnsigned } from '../structures/bytes.js';
import { isPlainUtf8 } from '../structures/utf8.js';
import { isForbiddenKey, OpenMapKeys } from './cbor-keys.js';

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

/** `plain`: accepted. */
export type CborVerdict = 'plain' | CborRefusal;

/** What the item is, by the upper three bits of its first byte. */
const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const OTHER = 7;

const NOTHING = new Uint8Array(0);

/** The state of one pass. One instance serves all, because a pass has no callbacks and ends before the next begins. */
class CborScan {
  private bytes: Uint8Array = NOTHING;
  private depthMax = 0;
  private itemsMax = 0;
  private position = 0;
  /** The value or length of the last head. */
  private argument = 0;
  /** Items that were announced so far, keys included. */
  private itemCount = 0;
  /** How many containers are open; index of the arrays below, of which 0 is the outermost item itself. */
  private depth = 0;
  /** Items that an open container still lacks. A key is due in a map when it is even. */
  private readonly missing: number[] = [1];
  private readonly isMap: boolean[] = [false];
  private readonly keys = new OpenMapKeys();

  run(bytes: Uint8Array, limits: ValueLimits): CborVerdict {
    this.begin(bytes, limits);
    let refusal = this.item();
    while (refusal === undefined && this.advance()) refusal = this.item();
    const hasTrailing = this.position < bytes.length;
    this.bytes = NOTHING;
    this.keys.clear();
    return refusal ?? (hasTrailing ? 'trailing' : 'plain');
  }

  private begin(bytes: Uint8Array, limits: ValueLimits): void {
    this.bytes = bytes;
    this.depthMax = limits.valueDepthMax;
    this.itemsMax = limits.valueItemsMax;
    this.position = 0;
    this.itemCount = 1;
    this.depth = 0;
    this.missing[0] = 1;
  }

  /** Leaves the containers that are complete. Whether another item is due. */
  private advance(): boolean {
    while (this.missing[this.depth] === 0) {
      if (this.depth === 0) return false;
      if (this.isMap[this.depth] === true) this.keys.close(this.depth);
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

  /** Reads the argument of a head. One of 64 bits is rounded beyond 2^53, where it can only be a length that no input has, or an integer. */
  private head(info: number): CborRefusal | undefined {
    if (info < 24) {
      this.argument = info;
      return undefined;
    }
    if (info > 27) return info === 31 ? 'indefinite' : 'reserved';
    const start = this.position;
    const size = 1 << (info - 24);
    if (this.skip(size) !== undefined) return 'truncated';
    const argument = readUnsigned(this.bytes, start, size);
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
    if (isMap) this.keys.open(this.depth, items / 2);
    return undefined;
  }

  private key(): CborRefusal | undefined {
    const start = this.position;
    const refusal = this.text();
    if (refusal !== undefined) return refusal;
    if (isForbiddenKey(this.bytes, start, this.position)) return 'key-forbidden';
    return this.keys.add(this.depth, this.bytes, start, this.position) ? undefined : 'key-duplicate';
  }
}

const SCAN = new CborScan();

/** Whether `bytes` are one acceptable value, or why not. Never throws, and costs time in proportion to the bytes read. */
export function scanCbor(bytes: Uint8Array, limits: ValueLimits): CborVerdict {
  return SCAN.run(bytes, limits);
}
