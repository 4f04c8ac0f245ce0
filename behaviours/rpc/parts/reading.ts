/**
 * @module Reading: the streams that came with a call, as its method or its caller reads them. A byte stream is opened to whoever offers them: with the
 * first read, or at once.
 */
import type { ByteStream, Limits, NetworkError } from '../../../core/index.js';
import { ItemDecoder } from './item-codec.js';
import type { Part } from './sources.js';

/** What the readers of one call need of it. */
export interface ReadingHost {
  readonly limits: Limits;
  /** Opens the byte stream of a part. `settle` is called once. */
  open(index: number, settle: (result: ByteStream | NetworkError) => void): void;
  /** Something has come: the call goes on. */
  moved(): void;
  /** All were read to their ends, or given up. */
  done(): void;
}

export class Reading {
  private readonly opened = new Map<number, Promise<ByteStream>>();
  private readonly streams = new Set<ByteStream>();
  private leftCount: number;
  private ending: NetworkError | undefined;

  constructor(
    private readonly host: ReadingHost,
    parts: readonly Part[],
  ) {
    this.leftCount = parts.length;
  }

  /** What stands in the value in place of the part. `isEager`: it is opened now. */
  reader(part: Part, index: number, isEager: boolean): AsyncIterable<unknown> | ReadableStream<Uint8Array> {
    if (isEager) this.stream(index).catch(() => {});
    return part.kind === 'bytes' ? this.bytes(index) : this.items(index);
  }

  /** The call is over: what is still read fails with this. Idempotent. */
  close(error: NetworkError): void {
    if (this.ending !== undefined || this.leftCount === 0) return;
    this.ending = error;
    for (const stream of [...this.streams]) stream.reset(error.message);
  }

  private stream(index: number): Promise<ByteStream> {
    const known = this.opened.get(index);
    if (known !== undefined) return known;
    const opening = this.open(index);
    this.opened.set(index, opening);
    return opening;
  }

  private async open(index: number): Promise<ByteStream> {
    if (this.ending !== undefined) throw this.ending;
    const result = await new Promise<ByteStream | NetworkError>((resolve) => this.host.open(index, resolve));
    if (result instanceof Error) {
      this.left();
      throw result;
    }
    this.streams.add(result);
    this.endingNow((ending) => result.reset(ending.message));
    // This side writes nothing.
    result.writable.close().catch(() => {});
    const left = () => {
      this.streams.delete(result);
      this.left();
    };
    result.closed.then(left, left);
    return result;
  }

  /** The call may have ended meanwhile. */
  private endingNow(act: (ending: NetworkError) => void): void {
    if (this.ending !== undefined) act(this.ending);
  }

  private left(): void {
    if (--this.leftCount === 0 && this.ending === undefined) this.host.done();
  }

  private async *items(index: number): AsyncGenerator<unknown> {
    const stream = await this.stream(index);
    const decoder = new ItemDecoder(this.host.limits);
    try {
      for await (const piece of stream.readable) {
        this.host.moved();
        decoder.push(piece);
        for (let item = decoder.next(); item !== undefined; item = decoder.next()) yield item.value;
      }
    } catch (error) {
      throw this.ending ?? error;
    }
  }

  private bytes(index: number): ReadableStream<Uint8Array> {
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
    const next = async () => {
      reader ??= (await this.stream(index)).readable.getReader();
      return reader.read();
    };
    return new ReadableStream(
      {
        pull: async (controller) => {
          const { done, value } = await next().catch((error) => {
            throw this.ending ?? error;
          });
          this.host.moved();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: async (reason) => {
          reader ??= (await this.stream(index)).readable.getReader();
          await reader.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
  }
}
