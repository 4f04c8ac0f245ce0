/**
 * @module NodeSet: a set of nodes by their numbers, one bit for each. It goes through them in the order of the numbers.
 */
import { resized, roomier } from './arrays.js';

const WORD_BITS = 32;
/** An empty set keeps no more words. */
const WORDS_KEPT = 16;

export class NodeSet {
  size = 0;
  private words = new Uint32Array(1);

  has(node: number): boolean {
    return (((this.words[node >> 5] ?? 0) >>> (node & 31)) & 1) === 1;
  }

  add(node: number): void {
    if (this.has(node)) return;
    const word = node >> 5;
    if (word >= this.words.length) this.words = resized(this.words, new Uint32Array(roomier(word)));
    (this.words[word] as number) |= 1 << (node & 31);
    this.size++;
  }

  delete(node: number): void {
    if (!this.has(node)) return;
    (this.words[node >> 5] as number) &= ~(1 << (node & 31));
    this.size--;
    if (this.size === 0 && this.words.length > WORDS_KEPT) this.words = new Uint32Array(1);
  }

  /** Nodes may be taken out meanwhile. */
  *[Symbol.iterator](): Iterator<number> {
    for (let word = 0; word < this.words.length; word++) {
      for (let bits = this.words[word] as number; bits !== 0; bits &= bits - 1) yield word * WORD_BITS + 31 - Math.clz32(bits & -bits);
    }
  }
}
