/**
 * @module StreamPipe: a byte stream as a pipe, with a head of its own in each direction. It has one reader and one writer from its beginning on.
 */
import type { BytePipe, ByteStream } from '../../../core/index.js';
import { joinBytes } from '../../../core/index.js';
import { readU16 } from '../../../core/structures/bytes.js';

const LENGTH_BYTES = 2;

export class StreamPipe implements BytePipe {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  private rest: Uint8Array | undefined;

  constructor(readonly stream: ByteStream) {
    this.reader = stream.readable.getReader();
    this.writer = stream.writable.getWriter();
    for (const { closed } of [this.reader, this.writer]) closed.catch(() => {});
  }

  async read(): Promise<Uint8Array | undefined> {
    const { rest } = this;
    this.rest = undefined;
    return rest ?? (await this.reader.read()).value;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.writer.write(bytes);
  }

  end(): Promise<void> {
    return this.writer.close();
  }

  reset(reason: string): void {
    this.stream.reset(reason);
  }

  /** The body of the head that comes first; `undefined` when the stream ends before. */
  async head(): Promise<Uint8Array | undefined> {
    const length = await this.exactly(LENGTH_BYTES);
    return length && this.exactly(readU16(length, 0));
  }

  private async exactly(byteCount: number): Promise<Uint8Array | undefined> {
    const parts: Uint8Array[] = [];
    let missing = byteCount;
    while (missing > 0) {
      const bytes = await this.read();
      if (bytes === undefined) return undefined;
      parts.push(bytes.subarray(0, missing));
      if (bytes.length > missing) this.rest = bytes.subarray(missing);
      missing = Math.max(0, missing - bytes.length);
    }
    return joinBytes(parts);
  }
}
