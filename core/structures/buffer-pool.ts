/**
 * @module BufferPool: buffers of a record's size and of twice that, which serve one link after another. Without it each large message costs
 * two new ones, and the collector works for the memory outside of its heap as much as the cipher does. Process-wide and bounded: 3 MiB.
 * A buffer that is taken holds anything; the caller that gives one back keeps no view of it. Nodes of a
 * process share it on purpose: it keeps old contents, which only a view that was kept too long can show. What they share besides is never used twice (`carved.ts`).
 */

/** Below it a buffer of the exact size is cheaper. */
const POOLED_BYTES_MIN = 32_768;
const POOLS = [
  { byteCount: 65_535, countMax: 16, free: [] as Uint8Array[] },
  { byteCount: 131_070, countMax: 16, free: [] as Uint8Array[] },
];

/** A buffer of at least so many bytes. */
export function takeBuffer(byteCount: number): Uint8Array {
  const pool = byteCount < POOLED_BYTES_MIN ? undefined : POOLS.find((candidate) => byteCount <= candidate.byteCount);
  return pool?.free.pop() ?? new Uint8Array(pool?.byteCount ?? byteCount);
}

/** Gives back what `takeBuffer` gave; of another size, it is left to the collector. */
export function giveBuffer(buffer: Uint8Array): void {
  const pool = POOLS.find((candidate) => buffer.length === candidate.byteCount);
  if (pool !== undefined && pool.free.length < pool.countMax) pool.free.push(buffer);
}
