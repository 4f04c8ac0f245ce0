/**
 * @module Mesh: who dials whom, so that greedy steps reach every node: a node has links into each half, quarter, eighth … of the ids that it is not
 * in itself, as far as they go; then to nodes drawn at random. What a distributed hash table finds out by asking is known here.
 */
import type { NodeId } from '../../index.js';

/** Digits of an id that are compared: more nodes than they tell apart are not simulated. */
const DIGITS = 12;
const BITS = 4 * DIGITS;

export class Mesh {
  /** Places on the ring, ascending, and whose they are. */
  private readonly places: Float64Array;
  private readonly order: Uint32Array;
  private readonly placeOf: readonly number[];

  constructor(
    ids: readonly NodeId[],
    private readonly below: (count: number) => number,
  ) {
    this.placeOf = ids.map((id) => Number.parseInt(id.slice(0, DIGITS), 16));
    this.order = Uint32Array.from(ids.keys()).sort((a, b) => (this.placeOf[a] as number) - (this.placeOf[b] as number));
    this.places = Float64Array.from(this.order, (node) => this.placeOf[node] as number);
  }

  /** The nodes that a node dials: `count` of them, the small parts of the ring first, for there are few that can stand in for each other. */
  dials(node: number, count: number): number[] {
    const others = new Set<number>();
    for (let bits = BITS - 1; bits >= 0 && others.size < count; bits--) {
      const [from, to] = this.part(this.placeOf[node] as number, bits);
      if (to > from) others.add(this.order[from + this.below(to - from)] as number);
    }
    const available = this.order.length - 1;
    while (others.size < Math.min(count, available)) {
      const other = this.below(this.order.length);
      if (other !== node) others.add(other);
    }
    return [...others];
  }

  /** The nodes whose ids have so many bits in common with a place, and not the next one: from which to before which, in their order. */
  private part(place: number, bits: number): [number, number] {
    const size = 2 ** (BITS - bits - 1);
    const half = Math.floor(place / size);
    const start = (half % 2 === 0 ? half + 1 : half - 1) * size;
    return [this.firstFrom(start), this.firstFrom(start + size)];
  }

  private firstFrom(place: number): number {
    let [low, high] = [0, this.places.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.places[middle] as number) < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
