/**
 * @module Digest: what a node has, in 256 bytes, so that two nodes find out what each of them lacks without saying everything. Records fall
 * into 64 buckets by their marks; of each bucket the digest has the XOR of its marks, mixed with a salt. The salt is new every time:
 * nobody can prepare records that hide others. Pure.
 */
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
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => {
    view.setUint32(4 * index, word);
  });
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

/** 32 bits of mark and salt, in which every bit of them counts. */
function mixed(mark: number, salt: number): number {
  let word = Math.imul(mark ^ salt, 0x9e3779b1) ^ Math.floor(mark / 2 ** 32);
  word = Math.imul(word ^ (word >>> 15), 0x85ebca6b) ^ salt;
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}
