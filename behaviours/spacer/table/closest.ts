/**
 * @module Closest: sorts by XOR distance to a key. Distances are compared by their first 32 bits as numbers, and only equal ones digit by
 * digit: tables are asked for the closest with every query. Pure.
 */
import { isCloser, type NodeId } from '../../../core/index.js';
import { prefixOf } from './contact.js';

/** What has an id, and its first 32 bits as a number. */
export interface Placed {
  readonly nodeId: NodeId;
  readonly prefix: number;
}

/** The distance of the first 32 bits. */
export function prefixDistance(prefix: number, keyPrefix: number): number {
  return (prefix ^ keyPrefix) >>> 0;
}

/** Below 0 when `one` is closer to the key. */
export function compareDistance(one: Placed, other: Placed, key: NodeId, keyPrefix: number): number {
  const difference = prefixDistance(one.prefix, keyPrefix) - prefixDistance(other.prefix, keyPrefix);
  if (difference !== 0 || one.nodeId === other.nodeId) return difference;
  return isCloser(one.nodeId, other.nodeId, key) ? -1 : 1;
}

/** At most `count` of them, the closest first. Sorts the list that it is given. */
export function closestOf<T extends Placed>(placed: T[], key: NodeId, count: number): readonly T[] {
  const keyPrefix = prefixOf(key);
  placed.sort((one, other) => compareDistance(one, other, key, keyPrefix));
  return placed.length > count ? placed.slice(0, count) : placed;
}
