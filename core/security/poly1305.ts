/**
 * @module Poly1305 (RFC 8439, 2.5) over blocks of 16 bytes, as far as `short-aead.ts` needs it: one message at a time. Numbers have six limbs of
 * 22 bits, whose products and sums stay below 2^53, so that doubles hold them exactly. No branch and no place in memory depends on a secret.
 */
import { byteOf } from '../structures/bytes.js';

export const TAG_BYTES = 16;

const LIMBS = 6;
const LIMB_BITS = 22;
const LIMB = 2 ** LIMB_BITS;
const LIMB_MASK = LIMB - 1;
/** What 2^132, behind the last limb, is modulo 2^130 - 5. */
const WRAP = 20;
/** In the last limb: 2^130, and 2^128, which is added to every block. */
const END = 2 ** 20;
const BLOCK_BIT = 2 ** 18;

/** One limb more than a number has, for what reads two at once. */
const sum = new Float64Array(LIMBS + 1);
const other = new Float64Array(LIMBS + 1);
/** The key, and before it the key times `WRAP`, for products that wrap around. */
const factors = new Float64Array(2 * LIMBS);
const key = factors.subarray(LIMBS);
/** What is added at last. */
const pad = new Int32Array(4);

/** `words`: the one-time key, in the first eight. */
export function beginTag(words: Int32Array): void {
  const clamped = 0x0ffffffc;
  sum.fill(0);
  key.fill(0);
  addBits(key, wordAt(words, 0) & 0x0fffffff, wordAt(words, 1) & clamped, wordAt(words, 2) & clamped, wordAt(words, 3) & clamped);
  for (let index = 1; index < LIMBS; index++) factors[index] = WRAP * limbAt(key, index);
  for (let index = 0; index < 4; index++) pad[index] = wordAt(words, 4 + index);
}

/** Sixteen bytes of the message as four words. */
export function addToTag(word0: number, word1: number, word2: number, word3: number): void {
  addBits(sum, word0, word1, word2, word3);
  sum[LIMBS - 1] = (sum[LIMBS - 1] as number) + BLOCK_BIT;
  let carried = 0;
  for (let to = 0; to < LIMBS; to++) {
    let total = carried;
    for (let from = 0; from < LIMBS; from++) total += (sum[from] as number) * (factors[LIMBS + to - from] as number);
    carried = Math.floor(total / LIMB);
    other[to] = total - carried * LIMB;
  }
  for (let index = 0; index < LIMBS; index++) sum[index] = other[index] as number;
  sum[0] = (sum[0] as number) + WRAP * carried;
  carryFrom(sum, 0);
}

/** Writes the tag, and forgets key and message. */
export function endTag(tag: Uint8Array): void {
  for (let turn = 0; turn < 2; turn++) {
    const beyond = carryAll(sum);
    sum[0] = limbAt(sum, 0) + 5 * beyond;
  }
  carryAll(sum);
  subtractModulus();
  let carried = 0;
  for (let index = 0; index < TAG_BYTES; index++) {
    carried += byteAt(sum, 8 * index) + byteOf(wordAt(pad, index >> 2), index & 3);
    tag[index] = carried;
    carried = Math.floor(carried / 256);
  }
  sum.fill(0);
  other.fill(0);
  factors.fill(0);
  pad.fill(0);
}

/** From 2^130 - 5 on, the sum is one modulus less: a factor of 0 or 1 selects whose limbs count. */
function subtractModulus(): void {
  other.set(sum);
  other[0] = limbAt(other, 0) + 5;
  const isOver = carryAll(other);
  for (let index = 0; index < LIMBS; index++) sum[index] = limbAt(sum, index) + isOver * (limbAt(other, index) - limbAt(sum, index));
}

/** Adds 128 bits. */
function addBits(limbs: Float64Array, word0: number, word1: number, word2: number, word3: number): void {
  limbs[0] = (limbs[0] as number) + (word0 & LIMB_MASK);
  limbs[1] = (limbs[1] as number) + bitsFrom(word0, word1, 22);
  limbs[2] = (limbs[2] as number) + bitsFrom(word1, word2, 12);
  limbs[3] = (limbs[3] as number) + bitsFrom(word2, word3, 2);
  limbs[4] = (limbs[4] as number) + bitsFrom(word2, word3, 24);
  limbs[5] = (limbs[5] as number) + bitsFrom(word3, 0, 14);
}

/** The limb that begins at that bit of the lower word. */
function bitsFrom(low: number, high: number, at: number): number {
  return ((low >>> at) | (high << (32 - at))) & LIMB_MASK;
}

/** Leaves 22 bits in each limb, and 20 in the last; returns what is beyond. */
function carryAll(limbs: Float64Array): number {
  for (let index = 0; index < LIMBS - 1; index++) carryFrom(limbs, index);
  const last = limbAt(limbs, LIMBS - 1);
  const carried = Math.floor(last / END);
  limbs[LIMBS - 1] = last - carried * END;
  return carried;
}

function carryFrom(limbs: Float64Array, index: number): void {
  const limb = limbs[index] as number;
  const carried = Math.floor(limb / LIMB);
  limbs[index] = limb - carried * LIMB;
  limbs[index + 1] = (limbs[index + 1] as number) + carried;
}

/** The eight bits from that one on. */
function byteAt(limbs: Float64Array, bit: number): number {
  const index = Math.floor(bit / LIMB_BITS);
  const at = bit - LIMB_BITS * index;
  return ((limbAt(limbs, index) >>> at) | (limbAt(limbs, index + 1) << (LIMB_BITS - at))) & 0xff;
}

function limbAt(limbs: Float64Array, index: number): number {
  return limbs[index] as number;
}

function wordAt(words: Int32Array, index: number): number {
  return words[index] as number;
}
