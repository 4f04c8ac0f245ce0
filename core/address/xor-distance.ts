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

/** The value of a lower-case hex digit. Bit 6 tells letters from figures. */
function digit(code: number): number {
  return (code & 15) + 9 * (code >> 6);
}
