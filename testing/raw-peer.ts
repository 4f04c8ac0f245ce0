/**
 * @module RawPeer: a peer that sends bytes without any protocol, for tests of what a node does with them. It works over every transport
 * link: a `BareNode`'s, a simulated one, a real one.
 */
import type { LinkSink, NetworkError, TransportLink } from '../core/index.js';
import { joinBytes } from '../core/structures/bytes.js';

export class RawPeer implements LinkSink {
  /** What came, chunk by chunk. */
  readonly chunks: Uint8Array[] = [];
  writtenBytes = 0;
  isClosed = false;
  /** Why the channel ended; absent when it ended in good order. */
  cause: NetworkError | undefined;

  constructor(readonly link: TransportLink) {}

  /** Everything that came, as one. */
  get received(): Uint8Array {
    return joinBytes(this.chunks);
  }

  /** As `received`, which starts over. */
  take(): Uint8Array {
    return joinBytes(this.chunks.splice(0));
  }

  send(...chunks: readonly Uint8Array[]): void {
    this.link.write(chunks);
  }

  end(): void {
    this.link.end();
  }

  destroy(): void {
    this.link.destroy();
  }

  onBytes(bytes: Uint8Array): void {
    this.chunks.push(bytes.slice());
  }

  onWritten(byteCount: number): void {
    this.writtenBytes += byteCount;
  }

  onClosed(cause?: NetworkError): void {
    this.isClosed = true;
    this.cause = cause;
  }
}
