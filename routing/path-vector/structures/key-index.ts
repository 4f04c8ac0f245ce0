/**
 * @module KeyIndex: the nodes that can be reached, this one included, in the order of their ids, so that the one closest to a key by
 * XOR is found by halving. The first 32 bits of the ids are searched; where they are equal the whole ids decide.
 */
import type { NodeId } from '../../../core/address/node-id.js';
import { isCloser } from '../../../core/address/xor-distance.js';
import { resized, roomier } from './arrays.js';
import type { NodeList } from './node-list.js';

const FIRST_SIZE = 8;

/** Places `low` to `high`, whose heads begin with the bits of `base` above `bit`. */
interface HeadRange {
  readonly low: number;
  readonly high: number;
  readonly base: number;
  readonly bit: number;
}

export class KeyIndex {
  private heads = new Uint32Array(FIRST_SIZE);
  private members = new Uint16Array(FIRST_SIZE);
  private count = 0;

  constructor(private readonly nodes: NodeList) {}

  get size(): number {
    return this.count;
  }

  add(node: number): void {
    if (this.count === this.heads.length) this.grow();
    const at = this.lowerBound(0, this.count, this.nodes.heads[node] as number);
    this.heads.copyWithin(at + 1, at, this.count);
    this.members.copyWithin(at + 1, at, this.count);
    this.heads[at] = this.nodes.heads[node] as number;
    this.members[at] = node;
    this.count++;
  }

  remove(node: number): void {
    let at = this.lowerBound(0, this.count, this.nodes.heads[node] as number);
    while (this.members[at] !== node) at++;
    this.heads.copyWithin(at, at + 1, this.count);
    this.members.copyWithin(at, at + 1, this.count);
    this.count--;
  }

  /** The member closest to the key; there is always one, this node. */
  closest(key: NodeId): number {
    const head = Number.parseInt(key.slice(0, 8), 16);
    let low = 0;
    let high = this.count;
    let base = 0;
    for (let bit = 2 ** 31; bit >= 1 && high - low > 1; bit /= 2) {
      const middle = this.lowerBound(low, high, base + bit);
      const isUpper = (head & bit) !== 0;
      const isEmpty = isUpper ? middle === high : middle === low;
      if (isUpper !== isEmpty) {
        base += bit;
        low = middle;
      } else high = middle;
    }
    return high - low > 1 ? this.closestAmong(low, high, key) : (this.members[low] as number);
  }

  /** The closest member that is accepted, or `undefined`. */
  closestOf(key: NodeId, isAccepted: (node: number) => boolean): number | undefined {
    for (const node of this.inOrder(key)) if (isAccepted(node)) return node;
    return undefined;
  }

  /** All members, the closest to the key first. */
  *inOrder(key: NodeId): Generator<number> {
    yield* this.range(key, Number.parseInt(key.slice(0, 8), 16), { low: 0, high: this.count, base: 0, bit: 2 ** 31 });
  }

  /** Of members whose first 32 bits are equal. */
  private closestAmong(low: number, high: number, key: NodeId): number {
    let closest = this.members[low] as number;
    for (let at = low + 1; at < high; at++) {
      const node = this.members[at] as number;
      if (isCloser(this.nodes.idOf(node), this.nodes.idOf(closest), key)) closest = node;
    }
    return closest;
  }

  /** Of members that share the bits above `bit`, those that share this one with the key come first. */
  private *range(key: NodeId, head: number, { low, high, base, bit }: HeadRange): Generator<number> {
    if (bit < 1 || high - low < 2) return yield* this.sorted(low, high, key);
    const middle = this.lowerBound(low, high, base + bit);
    const lower = { low, high: middle, base, bit: bit / 2 };
    const upper = { low: middle, high, base: base + bit, bit: bit / 2 };
    const isUpper = Math.floor(head / bit) % 2 === 1;
    for (const half of isUpper ? [upper, lower] : [lower, upper]) yield* this.range(key, head, half);
  }

  private sorted(low: number, high: number, key: NodeId): number[] {
    const idOf = (node: number) => this.nodes.idOf(node);
    return [...this.members.subarray(low, high)].sort((one, other) => (isCloser(idOf(one), idOf(other), key) ? -1 : 1));
  }

  /** The first place in `low..high` whose head is not below `head`. */
  private lowerBound(low: number, high: number, head: number): number {
    let from = low;
    let to = high;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.heads[middle] as number) < head) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  private grow(): void {
    const { heads, members } = this;
    this.heads = resized(heads, new Uint32Array(roomier(heads.length)));
    this.members = resized(members, new Uint16Array(roomier(heads.length)));
  }
}
