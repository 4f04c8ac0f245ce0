/**
 * @module Flaps: how often links to a neighbour went down lately, and how long a new one has to hold before routes over it are advertised. It
 * remembers 256 neighbours, the last to go down.
 */
import type { NodeId } from '../../../core/address/node-id.js';
import { BoundedMap } from '../../../core/structures/bounded-map.js';

const NEIGHBOURS_MAX = 256;
/** So long after its last end a neighbour counts as steady again. */
const MEMORY_ROUNDS = 30;
/** Ends without a consequence. */
const FREE_COUNT = 4;
const DOUBLINGS_MAX = 4;

export class Flaps {
  private readonly ends = new BoundedMap<NodeId, { readonly count: number; readonly round: number }>(NEIGHBOURS_MAX);

  down(nodeId: NodeId, round: number): void {
    this.ends.set(nodeId, { count: this.countOf(nodeId, round) + 1, round });
  }

  /** None for a steady neighbour; then 2, 4, 8 and 16. */
  quietRounds(nodeId: NodeId, round: number): number {
    const count = this.countOf(nodeId, round);
    return count <= FREE_COUNT ? 0 : 1 << Math.min(count - FREE_COUNT, DOUBLINGS_MAX);
  }

  private countOf(nodeId: NodeId, round: number): number {
    const known = this.ends.get(nodeId);
    return known === undefined || round - known.round > MEMORY_ROUNDS ? 0 : known.count;
  }
}
