/**
 * @module Offering: the streams that a call sends along, from the message that names them until all were read, or nobody reads any more. The node
 * that reads opens a byte stream for each; a stream that is never read is never opened. Its promises end with `close`.
 */
import type { ByteStream, Limits } from '../../../core/index.js';
import { encodeItem } from './item-codec.js';
import { discard, type Source } from './sources.js';

/** What an offering needs of its call. */
export interface OfferingHost {
  readonly limits: Limits;
  /** Something was sent: the call goes on. */
  moved(): void;
  /** What makes a stream has thrown. */
  failed(cause: unknown): void;
  /** All streams were sent to their ends, or reset by their readers. */
  done(): void;
  /** Nobody finds it any more. */
  closed(): void;
}

export class Offering {
  private readonly waiting: (Source | undefined)[];
  private readonly streams = new Set<ByteStream>();
  private leftCount: number;
  private isClosed = false;

  constructor(
    private readonly host: OfferingHost,
    sources: readonly Source[],
  ) {
    this.waiting = [...sources];
    this.leftCount = sources.length;
  }

  /** The reader of a stream has come. Whether it may: each is read once. */
  take(index: number, stream: ByteStream): boolean {
    const source = this.waiting[index];
    if (source === undefined || this.isClosed) return false;
    this.waiting[index] = undefined;
    this.streams.add(stream);
    void this.send(source, stream);
    return true;
  }

  /** Nobody reads any more. `isAgain`: what nobody has read is offered again by another call. Idempotent. */
  close(reason: string, isAgain = false): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.host.closed();
    for (const source of this.waiting.splice(0)) if (source !== undefined && !isAgain) discard(source);
    for (const stream of [...this.streams]) stream.reset(reason);
  }

  private async send(source: Source, stream: ByteStream): Promise<void> {
    void drain(stream);
    const writer = stream.writable.getWriter();
    writer.closed.catch(() => {});
    const pull = source.kind === 'bytes' ? bytesFrom(source.stream) : itemsFrom(source.iterator, this.host.limits);
    try {
      for (let bytes = await pull.next(); bytes !== undefined; bytes = await pull.next()) {
        await writer.write(bytes);
        this.host.moved();
      }
      await writer.close();
    } catch (cause) {
      this.broken(pull, stream, cause);
    }
    this.streams.delete(stream);
    if (--this.leftCount === 0 && !this.isClosed) this.host.done();
  }

  /** Either its maker has thrown, or its reader wants no more. */
  private broken(pull: Pull, stream: ByteStream, cause: unknown): void {
    if (cause instanceof SourceFailure) {
      stream.reset('what makes the stream has failed');
      if (!this.isClosed) this.host.failed(cause.cause);
    } else pull.stop().catch(() => {});
  }
}

/** What was thrown by what makes a stream, not by what carries it. */
class SourceFailure extends Error {
  constructor(override readonly cause: unknown) {
    super('the source has failed');
  }
}

/** Pieces of a source, as they are sent. What the source throws comes as a `SourceFailure`. */
interface Pull {
  next(): Promise<Uint8Array | undefined>;
  /** The source is read no further. */
  stop(): Promise<unknown>;
}

function bytesFrom(stream: ReadableStream<Uint8Array>): Pull {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  const next = async () => {
    try {
      reader ??= stream.getReader();
      const { done, value } = await reader.read();
      if (done) return undefined;
      if (value instanceof Uint8Array) return value;
      throw new TypeError(`a piece of the stream is ${typeof value}; it must be a Uint8Array`);
    } catch (cause) {
      throw new SourceFailure(cause);
    }
  };
  return { next, stop: async () => reader?.cancel() };
}

function itemsFrom(iterator: Iterator<unknown> | AsyncIterator<unknown>, limits: Limits): Pull {
  const next = async () => {
    try {
      const { done, value } = await iterator.next();
      return done === true ? undefined : encodeItem(value, limits);
    } catch (cause) {
      throw new SourceFailure(cause);
    }
  };
  return { next, stop: async () => iterator.return?.() };
}

/** Its reader writes nothing; the end has to be read. */
async function drain(stream: ByteStream): Promise<void> {
  try {
    const reader = stream.readable.getReader();
    while (!(await reader.read()).done);
  } catch {
    // It was reset.
  }
}
