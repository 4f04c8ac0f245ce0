/**
 * @module Node's own streams for byte streams, for code that reads and writes those.
 */
import { Duplex } from 'node:stream';
import type { ByteStream } from '../../api/stream.js';

/**
 * The stream as a `Duplex` of `node:stream`, from now on instead of its web streams. Each direction ends by itself; `destroy(error)` resets the
 * stream. Like every stream of Node it emits `error` when the stream is reset: listen to it.
 */
export function toNodeStream({ readable, writable }: ByteStream): Duplex {
  return Duplex.fromWeb({ readable, writable }, { allowHalfOpen: true });
}
