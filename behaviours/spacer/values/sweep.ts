/**
 * @module Sweep: which keys one lookup serves. All nodes of a region of ids are known when a lookup has found one farther away than the region: then
 * every key of the region has its closest nodes among those that were found. So many keys need far fewer lookups than there are keys. Pure.
 */
import { distanceBits, type NodeId } from '../../../core/index.js';

/** The keys, sorted, that are served by what a lookup of the first has found; at least that one. */
export function servedBy(keys: readonly NodeId[], found: readonly NodeId[]): readonly NodeId[] {
  const [first] = keys;
  if (first === undefined) return [];
  const farthest = found.reduce((bits, nodeId) => Math.max(bits, distanceBits(first, nodeId)), 0);
  const end = keys.findIndex((key) => key !== first && distanceBits(first, key) >= farthest);
  return end < 0 ? keys : keys.slice(0, Math.max(1, end));
}
