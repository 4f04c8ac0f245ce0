/**
 * @module Spent: frees the memory of large buffers as soon as they are not used any more. Left to the collector they are what makes it
 * run: it looks after at most some 16 MB outside of its heap, a few hundred records. Only for buffers that the caller alone has.
 */
import { MessageChannel } from 'node:worker_threads';

/** Below it the collector is cheaper. */
const SPENT_BYTES_MIN = 16_384;

/** Frees each buffer that is large and is all of its memory; a view of one that is freed has length 0. */
export function freeSpent(buffers: readonly Uint8Array[]): void {
  for (const bytes of buffers) {
    if (bytes.length >= SPENT_BYTES_MIN && bytes.length === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer)
      detach(bytes.buffer);
  }
}

/** ES2024 has a method for it; before that, what is transferred to a port without another end is freed. */
const detach: (memory: ArrayBuffer & { transfer?(byteCount: number): ArrayBuffer }) => void =
  'transfer' in ArrayBuffer.prototype ? (memory) => memory.transfer?.(0) : detachByPort();

function detachByPort(): (memory: ArrayBuffer) => void {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  port1.unref();
  return (memory) => port1.postMessage(undefined, [memory]);
}
