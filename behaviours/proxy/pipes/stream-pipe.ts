/**
 * @module StreamPipe: a byte stream as a pipe, with a head of its own in each direction.
 */
import type { BytePipe, ByteStream } from '../../../core/index.js';
import { joinBytes } from '../../../core/index.js';
import { readU16 } from '../../../core/structures/bytes.js';

const LENGTH_BYTES = 2;

export class StreamPipe implements BytePipe {
  private readonly pipe: BytePipe;
  private rest: Uint8Array | undefined;

  constructor(readonly stream: ByteStream) {
    this.pipe = stream.pipe();
  }

  read(): Promise<Uint8Array | undefined> {
    const { rest } = this;
    if (rest === undefined) return this.pipe.read();
    this.rest = undefined;
    return Promise.resolve(rest);
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.pipe.write(bytes);
  }

  end(): Promise<void> {
    return this.pipe.end();
  }

  reset(reason: string): void {
    this.pipe.reset(reason);
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
