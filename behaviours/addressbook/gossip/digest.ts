/**
 * @module Digest: what a node has, in 256 bytes, so that two nodes find out what each of them lacks without saying everything. Records fall
 * into 64 buckets by their marks; of each bucket the digest has the XOR of its marks, mixed with a salt. The salt is new every time:
 * nobody can prepare records that hide others. Pure.
 */
import { writeU32 } from '../../../core/structures/bytes.js';
import { mixWord } from '../../../core/structures/mix.js';

export const BUCKETS = 64;
export const DIGEST_BYTES = 4 * BUCKETS;
export const BITMAP_BYTES = BUCKETS / 8;

export function bucketOf(mark: number): number {
  return mark % BUCKETS;
}

export function digestOf(marks: Iterable<number>, salt: number): Uint8Array {
  const words = new Uint32Array(BUCKETS);
  for (const mark of marks) {
    const bucket = bucketOf(mark);
    words[bucket] = (words[bucket] as number) ^ mixed(mark, salt);
  }
  const bytes = new Uint8Array(DIGEST_BYTES);
  for (let index = 0; index < BUCKETS; index++) writeU32(bytes, 4 * index, words[index] as number);
  return bytes;
}

/** The buckets in which two digests differ, one bit each, lowest first. */
export function differingBuckets(one: Uint8Array, other: Uint8Array): Uint8Array {
  const bitmap = new Uint8Array(BITMAP_BYTES);
  for (let index = 0; index < DIGEST_BYTES; index++) if (one[index] !== other[index]) setBucket(bitmap, index >> 2);
  return bitmap;
}

export function hasBucket(bitmap: Uint8Array, bucket: number): boolean {
  return ((bitmap[bucket >> 3] as number) & (1 << (bucket & 7))) !== 0;
}

function setBucket(bitmap: Uint8Array, bucket: number): void {
  bitmap[bucket >> 3] = (bitmap[bucket >> 3] as number) | (1 << (bucket & 7));
}

/** 32 bits in which every bit of mark and salt counts. */
function mixed(mark: number, salt: number): number {
  const high = Math.floor(mark / 2 ** 32);
  return mixWord((mixWord(mark ^ salt) ^ mixWord(high)) + salt);
}
