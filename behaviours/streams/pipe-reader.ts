/**
 * @module PipeReader: what comes on a stream, for somebody who reads piece by piece without web streams. It takes what a controller of a readable web
 * stream takes, and keeps nothing: a piece is asked for when somebody reads.
 */
import { NetworkError } from '../../core/index.js';

export class PipeReader {
  private waiting: { resolve(bytes: Uint8Array | undefined): void; reject(error: NetworkError): void } | undefined;
  private isClosed = false;
  private failure: NetworkError | undefined;

  /** `pull` asks for the next piece, which may come during the call. */
  constructor(private readonly pull: () => void) {}

  /** One at a time. */
  read(): Promise<Uint8Array | undefined> {
    if (this.waiting !== undefined) return Promise.reject(new NetworkError('ARGUMENT_INVALID', 'read: another read waits'));
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      if (this.failure !== undefined) this.error(this.failure);
      else if (this.isClosed) this.close();
      else this.pull();
    });
  }

  enqueue(bytes: Uint8Array): void {
    this.take()?.resolve(bytes);
  }

  close(): void {
    this.isClosed = true;
    this.take()?.resolve(undefined);
  }

  error(error: NetworkError): void {
    this.failure = error;
    this.take()?.reject(error);
  }

  private take(): PipeReader['waiting'] {
    const { waiting } = this;
    this.waiting = undefined;
    return waiting;
  }
}
