/**
 * @module WebStreams: the web's streams over what reads and writes piece by piece. They keep 64 KiB of what is written, and nothing of what is read.
 */
import type { ByteStream } from '../../core/index.js';

/** What is queued in a web stream itself, so that an application need not wait for every chunk. */
const WRITE_AHEAD_BYTES = 65_536;

/** What the streams are made of. */
export interface WebSource {
  /** Where what is read goes; before anything else. */
  readFrom(outlet: ReadableStreamDefaultController<Uint8Array>): void;
  /** Somebody reads. */
  pull(): void;
  /** Nobody reads any more. */
  cancel(reason: unknown): void;
  /** Whom to tell of a failure; before anything else. */
  writeTo(writer: WritableStreamDefaultController): void;
  /** One at a time; `undefined`: it is done already. */
  write(chunk: Uint8Array): Promise<void> | undefined;
  close(): Promise<void> | undefined;
  abort(reason: unknown): void;
}

export function webStreams(source: WebSource): Pick<ByteStream, 'readable' | 'writable'> {
  const readable = new ReadableStream<Uint8Array>(
    {
      start: (controller) => source.readFrom(controller),
      pull: () => source.pull(),
      cancel: (reason) => source.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  const writable = new WritableStream<Uint8Array>(
    {
      start: (controller) => source.writeTo(controller),
      write: (chunk) => source.write(chunk),
      close: () => source.close(),
      abort: (reason) => source.abort(reason),
    },
    { highWaterMark: WRITE_AHEAD_BYTES, size: (chunk) => (chunk instanceof Uint8Array ? chunk.length : 0) },
  );
  return { readable, writable };
}
