/**
 * @module SeededRandom: a seeded random generator. Equal seeds give equal sequences on every machine; seeds that differ in anything give
 * unrelated ones. Not for secrets.
 */

import type { Random } from '../../../core/api/ports.js';
import { byteOf } from '../../../core/structures/bytes.js';
import { Hash } from './hash.js';

const DOMAIN = 0x72616e64;
const TWO_TO_27 = 0x800_0000;
const TWO_TO_53 = 0x20_0000_0000_0000;

export class SeededRandom implements Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** Names and numbers, such as the network's seed and the node's name. */
  constructor(...seed: readonly (string | number)[]) {
    const hash = new Hash().reset(DOMAIN);
    for (const part of seed) hash.text(`${typeof part}:${part}`);
    this.#a = hash.finish().a;
    this.#b = hash.b;
    this.#c = hash.word(0).finish().a;
  }

  /** 32 bits, as an unsigned number: the generator sfc32. */
  word(): number {
    const word = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + word) | 0;
    return word >>> 0;
  }

  float(): number {
    return ((this.word() >>> 6) * TWO_TO_27 + (this.word() >>> 5)) / TWO_TO_53;
  }

  /** A whole number from 0 to `count - 1`. */
  below(count: number): number {
    return Math.floor(this.float() * count);
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  bytes(byteCount: number): Uint8Array {
    const bytes = new Uint8Array(byteCount);
    for (let index = 0; index < byteCount; index += 4) {
      const word = this.word();
      for (let at = 0; at < 4 && index + at < byteCount; at++) bytes[index + at] = byteOf(word, at);
    }
    return bytes;
  }
}
