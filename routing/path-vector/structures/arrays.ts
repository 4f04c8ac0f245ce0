/**
 * @module Typed arrays that grow.
 */

/** Room for `end` places and an eighth more: arrays grow often, and stay close to what is needed. */
export function roomier(end: number): number {
  return end + (end >> 3) + 8;
}

export function resized<T extends Uint8Array | Uint16Array | Uint32Array>(from: ArrayLike<number>, to: T): T {
  to.set(from);
  return to;
}
