/**
 * @module BitSet: a set of small whole numbers, one bit each. Grows with the largest one. Pure.
 */
const BITS = 32;

export class BitSet {
  private words = new Uint32Array(1);

  has(index: number): boolean {
    return ((this.words[index >>> 5] ?? 0) & (1 << (index & (BITS - 1)))) !== 0;
  }

  add(index: number): void {
    const at = index >>> 5;
    if (at >= this.words.length) this.grow(at + 1);
    this.words[at] = (this.words[at] as number) | (1 << (index & (BITS - 1)));
  }

  delete(index: number): void {
    const at = index >>> 5;
    if (at < this.words.length) this.words[at] = (this.words[at] as number) & ~(1 << (index & (BITS - 1)));
  }

  private grow(length: number): void {
    const words = new Uint32Array(Math.max(length, 2 * this.words.length));
    words.set(this.words);
    this.words = words;
  }
}
