/**
 * @module Carved: memory for many small pieces that live about equally long, cut one after another out of larger blocks: to allocate each by itself costs
 * more than to fill it. A block is free when none of its pieces is used any more: one that is kept for long keeps `BLOCK_BYTES`. A piece is never used
 * twice, so it is zeros at first, and of the nodes of a process none sees another's bytes in it. Process-wide.
 */
const BLOCK_BYTES = 32_768;
/** What is larger gets memory of its own. */
const PIECE_BYTES_MAX = 2_048;

let block = new Uint8Array(0);
let used = 0;

/** So many bytes. */
export function carve(byteCount: number): Uint8Array {
  if (byteCount > PIECE_BYTES_MAX) return new Uint8Array(byteCount);
  if (used + byteCount > block.length) {
    block = new Uint8Array(BLOCK_BYTES);
    used = 0;
  }
  used += byteCount;
  return block.subarray(used - byteCount, used);
}

/** `piece` was carved last, and only its first `byteCount` bytes were written: the others go to the next one. */
export function trim(piece: Uint8Array, byteCount: number): void {
  const isLast = piece.buffer === block.buffer && piece.byteOffset + piece.length === used;
  if (isLast && byteCount < piece.length) used = piece.byteOffset + byteCount;
}
