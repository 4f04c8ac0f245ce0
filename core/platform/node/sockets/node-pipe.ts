/**
 * @module NodePipe: streams of Node as pipes of bytes: they are read only when somebody reads, and a write is done when the system has the bytes, so that
 * a side that is slow holds one piece at most.
 */
import type { Duplex, Readable, Writable } from 'node:stream';
import type { BytePipe } from '../../../api/stream.js';

/** Reads from a stream that somebody else may write to. */
export class NodeReader {
  private readonly chunks: Uint8Array[] = [];
  private isEnded = false;
  private error: Error | undefined;
  private waiting: { resolve(bytes: Uint8Array | undefined): void; reject(error: Error): void } | undefined;

  constructor(private readonly readable: Readable) {
    readable.pause();
    readable.on('data', (bytes: Buffer) => {
      readable.pause();
      this.push(bytes);
    });
    readable.on('end', () => {
      this.isEnded = true;
      this.serve();
    });
    readable.on('error', (error) => this.fail(error));
    readable.on('close', () => {
      if (!this.isEnded) this.fail(coded('ECONNRESET', 'it was closed'));
    });
  }

  read(): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.serve();
      if (this.waiting !== undefined) this.readable.resume();
    });
  }

  push(bytes: Uint8Array): void {
    this.chunks.push(bytes);
    this.serve();
  }

  fail(error: Error): void {
    this.error ??= error;
    this.serve();
  }

  private serve(): void {
    const { waiting, error } = this;
    if (waiting === undefined) return;
    const bytes = this.chunks.shift();
    if (bytes === undefined && error === undefined && !this.isEnded) return;
    this.waiting = undefined;
    if (bytes !== undefined || error === undefined) waiting.resolve(bytes);
    else waiting.reject(error);
  }
}

/** An error as the system's own are. */
export function coded(code: string, text: string): Error {
  return Object.assign(new Error(text), { code });
}

/** Resolves when the system has the bytes. */
export function writeTo(writable: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    writable.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** Resolves when the system has everything. */
export function endOf(writable: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    writable.end((error?: Error | null) => (error ? reject(error) : resolve()));
  });
}

/** A duplex stream that may end one direction by itself. */
export class NodePipe implements BytePipe {
  protected readonly reader: NodeReader;

  constructor(protected readonly duplex: Duplex) {
    this.reader = new NodeReader(duplex);
  }

  read(): Promise<Uint8Array | undefined> {
    return this.reader.read();
  }

  write(bytes: Uint8Array): Promise<void> {
    return writeTo(this.duplex, bytes);
  }

  end(): Promise<void> {
    return endOf(this.duplex);
  }

  reset(_reason: string): void {
    this.duplex.destroy();
  }
}
