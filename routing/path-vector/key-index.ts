/**
 * @module KeyIndex: the nodes that can be reached, this one included, in the order of their ids, so that the one closest to a key by
 * XOR is found by halving. The first 32 bits of the ids are searched; where they are equal the whole ids decide.
 */
import type { NodeId } from '../../core/address/node-id.js';
import { isCloser } from '../xor-distance.js';
import { resized, roomier } from './columns.js';
import type { NodeList } from './node-list.js';

const FIRST_SIZE = 8;

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

  /** The closest member that is accepted, or `undefined`. Looks at all of them: for the rare message that may not go the usual way. */
  closestOf(key: NodeId, isAccepted: (node: number) => boolean): number | undefined {
    let closest: number | undefined;
    for (let at = 0; at < this.count; at++) {
      const node = this.members[at] as number;
      const isBetter = closest === undefined || isCloser(this.nodes.idOf(node), this.nodes.idOf(closest), key);
      if (isBetter && isAccepted(node)) closest = node;
    }
    return closest;
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
