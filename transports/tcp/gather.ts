/** @module Gather: several chunks as one write of a socket. */
import type { Socket } from 'node:net';

/** Below it one copy costs less than a gathered write. */
const GATHERED_BYTES_MIN = 1_024;

/** Gives the chunks to the system at once; `onWritten` is called when it has them, or with why it has not. There is one chunk at least. */
export function writeGathered(
  socket: Socket,
  chunks: readonly Uint8Array[],
  byteCount: number,
  onWritten: (error?: Error | null) => void,
): void {
  if (byteCount < GATHERED_BYTES_MIN) {
    socket.write(Buffer.concat(chunks, byteCount), onWritten);
    return;
  }
  const lastIndex = chunks.length - 1;
  socket.cork();
  for (let index = 0; index < lastIndex; index++) socket.write(chunks[index] as Uint8Array);
  socket.write(chunks[lastIndex] as Uint8Array, onWritten);
  socket.uncork();
}
