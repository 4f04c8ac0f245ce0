/**
 * @module Hash: a fast 64-bit hash in two 32-bit words, the root of everything in the simulator that must be the same for the same seed:
 * randomness, keys of the simulated crypto, the trace's digest. Whole numbers only, so that every machine agrees. Not for secrets.
 */
import { byteOf, readWordLittleEndian, wordOf } from '../../../core/structures/bytes.js';
import { mixWord } from '../../../core/structures/mix.js';

export class Hash {
  /** The state; after `finish` the result. */
  a = 0;
  b = 0;

  /** Starts over. Different `domain`s give unrelated hashes. */
  reset(domain: number): this {
    this.a = domain ^ 0x6a09e667;
    this.b = Math.imul(domain, 0x9e3779b1) ^ 0x3c6ef372;
    return this;
  }

  /** Mixes in 32 bits. */
  word(word: number): this {
    const mixed = Math.imul(word, 0xcc9e2d51);
    const a = this.a ^ Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
    this.a = (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0;
    const b = (Math.imul(this.b ^ word, 0x85ebca77) + this.a) | 0;
    this.b = b ^ (b >>> 15);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    const { length } = bytes;
    const whole = length & ~3;
    for (let index = 0; index < whole; index += 4) this.word(readWordLittleEndian(bytes, index));
    let rest = 0;
    for (let index = whole; index < length; index++) rest |= wordOf(bytes[index] as number, index - whole);
    return this.word(rest).word(length);
  }

  /** By UTF-16 code units. */
  text(text: string): this {
    for (let index = 0; index < text.length; index++) this.word(text.charCodeAt(index));
    return this.word(text.length);
  }

  /** Spreads every bit of the state over both words. */
  finish(): this {
    this.a = mixWord(this.a ^ this.b);
    this.b = mixWord(this.b ^ Math.imul(this.a, 0x9e3779b1));
    this.a = mixWord(this.a ^ this.b);
    return this;
  }

  /** `byteCount` bytes that follow from the finished state, which moves on. */
  expand(byteCount: number): Uint8Array {
    const bytes = new Uint8Array(byteCount);
    for (let index = 0; index < byteCount; index += 4) {
      this.word(index).finish();
      for (let at = 0; at < 4 && index + at < byteCount; at++) bytes[index + at] = byteOf(this.a, at);
    }
    return bytes;
  }
}
