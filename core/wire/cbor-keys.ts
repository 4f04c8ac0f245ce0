/**
 * @module CBOR keys: which map keys are acceptable. The bytes are valid UTF-8 already; `cbor-scan.ts` sees to that.
 */

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

/** The keys of a map with up to so many are compared pair by pair; those of a larger one go to a set. */
const PAIRWISE_MAX = 16;
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });
const FORBIDDEN_BY_LENGTH = byLength([...FORBIDDEN_KEYS].map((key) => new TextEncoder().encode(key)));

/** Whether the range is one of `FORBIDDEN_KEYS`. */
export function isForbiddenKey(bytes: Uint8Array, start: number, end: number): boolean {
  const words = FORBIDDEN_BY_LENGTH[end - start];
  if (words === undefined || words.length === 0) return false;
  return words.some((word) => isSame(bytes, start, word, 0, word.length));
}

/** The keys of all maps that are open at one point of a scan, by nesting depth. */
export class OpenMapKeys {
  /** Where the keys of each open map begin in the two lists below, which hold the keys of all small maps as on a stack. */
  private readonly firstIndexes: number[] = [];
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private count = 0;
  private readonly sets: (Set<string> | undefined)[] = [];

  /** Drops everything that was kept of an input. */
  clear(): void {
    this.count = 0;
    this.sets.length = 0;
  }

  open(depth: number, keyCount: number): void {
    this.firstIndexes[depth] = this.count;
    this.sets[depth] = keyCount > PAIRWISE_MAX ? new Set() : undefined;
  }

  close(depth: number): void {
    this.count = this.firstIndexes[depth] as number;
  }

  /** Adds a key to the map at `depth`. Whether it was not there yet. */
  add(depth: number, bytes: Uint8Array, start: number, end: number): boolean {
    const set = this.sets[depth];
    if (set === undefined) return this.addToFew(depth, bytes, start, end);
    const sizeBefore = set.size;
    return set.add(DECODER.decode(bytes.subarray(start, end))).size > sizeBefore;
  }

  private addToFew(depth: number, bytes: Uint8Array, start: number, end: number): boolean {
    for (let index = this.firstIndexes[depth] as number; index < this.count; index++) {
      const otherStart = this.starts[index] as number;
      if ((this.ends[index] as number) - otherStart === end - start && isSame(bytes, start, bytes, otherStart, end - start)) return false;
    }
    this.starts[this.count] = start;
    this.ends[this.count++] = end;
    return true;
  }
}

function isSame(left: Uint8Array, leftStart: number, right: Uint8Array, rightStart: number, length: number): boolean {
  for (let index = 0; index < length; index++) if (left[leftStart + index] !== right[rightStart + index]) return false;
  return true;
}

function byLength(words: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] {
  const longest = Math.max(...words.map((word) => word.length));
  return Array.from({ length: longest + 1 }, (_, length) => words.filter((word) => word.length === length));
}
