/** @module Mix: spreads the bits of a word over all of it, for hash tables and digests. Not for secrets. Pure. */

/** Every bit of the word changes about half of the result's, which is signed. Different words give different results. */
export function mixWord(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
