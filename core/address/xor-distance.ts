/**
 * @module XOR distance of node ids, compared digit by digit on the hex strings: no allocation, no conversion. Ids and keys have the
 * form of a `NodeId`; nothing here checks that.
 */
import type { NodeId } from './node-id.js';

/** Whether `a` is strictly closer to `key` than `b`. The first digit in which the two differ decides. */
export function isCloser(a: NodeId, b: NodeId, key: NodeId): boolean {
  for (let index = 0; index < a.length; index++) {
    const ofA = a.charCodeAt(index);
    const ofB = b.charCodeAt(index);
    if (ofA === ofB) continue;
    const ofKey = digit(key.charCodeAt(index));
    return (digit(ofA) ^ ofKey) < (digit(ofB) ^ ofKey);
  }
  return false;
}

/** Bits of the XOR of two ids without its leading zeros: 0 for equal ids, 256 where the first bits differ. */
export function distanceBits(one: NodeId, other: NodeId): number {
  for (let index = 0; index < one.length; index++) {
    const difference = digit(one.charCodeAt(index)) ^ digit(other.charCodeAt(index));
    if (difference !== 0) return 4 * (one.length - 1 - index) + 32 - Math.clz32(difference);
  }
  return 0;
}

/** The bucket that a node belongs into, in a table of `self` with one bucket for each `distanceBits`: 0 is the node itself, 256 half of all ids. */
export function bucketIndex(self: NodeId, nodeId: NodeId): number {
  return distanceBits(self, nodeId);
}

/** The value of a lower-case hex digit. Bit 6 distinguishes letters from figures. */
function digit(code: number): number {
  return (code & 15) + 9 * (code >> 6);
}
