/**
 * @module TcpLink: one TCP socket as a transport link. It gathers the chunks of a `write` into one system call, reports when the system
 * took them, and reports the end exactly once. The remote's end of the stream ends the link at once: there is no half-open state. It has no deadlines of its own except the linger of `end`; the engine owns the others. A close without a cause proves nothing:
 * the system's library reports a reset that follows unread bytes as an end. Only the secured goodbye distinguishes an end from a loss.
 */
import type { Socket } from 'node:net';
import type { Address } from '../../core/address/address.js';
import type { LinkSink, TransportLink } from '../../core/api/transport.js';
import type { NetworkError } from '../../core/errors.js';
import { freeSpent } from '../../core/platform/node/spent.js';
import { writeGathered } from './gather.js';
import { socketAddress } from './socket-address.js';
import { networkError } from './system-error.js';

/** How long `end` may take before the channel is destroyed. */
const LINGER_MS = 1_000;

export class TcpLink implements TransportLink {
  readonly #socket: Socket;
  #localAddress: Address | undefined;
  /** Absent before `attach` and after the close. */
  #sink: LinkSink | undefined;
  #isEnding = false;
  #linger: NodeJS.Timeout | undefined;

  constructor(
    socket: Socket,
    readonly remoteAddress: Address,
  ) {
    this.#socket = socket;
  }

  get localAddress(): Address | undefined {
    this.#localAddress ??= socketAddress(this.#socket.localAddress, this.#socket.localPort);
    return this.#localAddress;
  }

  /** Starts to report to `sink`. Called once, before the event loop goes on. */
  attach(sink: LinkSink): void {
    this.#sink = sink;
    this.#socket
      .on('end', () => this.#close())
      .on('close', () => this.#close())
      .on('error', (error) => this.#close(networkError('link', this.remoteAddress, error)));
  }

  /** Bytes that the socket received, valid during the call. */
  receive(bytes: Uint8Array): void {
    this.#sink?.onBytes(bytes);
  }

  write(chunks: readonly Uint8Array[]): void {
    const byteCount = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    if (byteCount === 0 || this.#isEnding || this.#socket.destroyed) return;
    writeGathered(this.#socket, chunks, byteCount, (error) => {
      if (error) return;
      freeSpent(chunks);
      this.#sink?.onWritten(byteCount);
    });
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#socket.destroyed) this.#socket.resume();
  }

  end(): void {
    if (this.#isEnding || this.#socket.destroyed) return;
    this.#isEnding = true;
    this.#linger = setTimeout(() => this.destroy(), LINGER_MS).unref();
    this.#socket.end();
  }

  destroy(): void {
    this.#isEnding = true;
    // A reset spares the system from delivering what the remote may never read; without queued bytes a plain end is the kinder sign.
    if (this.#socket.writableLength > 0 && !this.#socket.destroyed) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  #close(cause?: NetworkError): void {
    const sink = this.#sink;
    this.#sink = undefined;
    clearTimeout(this.#linger);
    this.destroy();
    sink?.onClosed(cause);
  }
}
