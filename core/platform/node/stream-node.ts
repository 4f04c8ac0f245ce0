/**
 * @module Node's own streams for byte streams, for code that reads and writes those.
 */
import { Duplex } from 'node:stream';
import type { ByteStream } from '../../api/stream.js';

/**
 * The stream as a `Duplex` of `node:stream`, from now on instead of its web streams. Each direction ends by itself; `destroy(error)` resets the
 * stream. When the stream is reset, it emits `error`, which need not be listened to: a remote can do that at any moment. `closed` has the failure, too.
 */
export function toNodeStream({ readable, writable }: ByteStream): Duplex {
  const duplex = Duplex.fromWeb({ readable, writable }, { allowHalfOpen: true });
  // Without any listener the event would end the process.
  duplex.on('error', () => {});
  return duplex;
}
