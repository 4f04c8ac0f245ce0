/**
 * @module PlatformLink: one WebSocket of the platform as a transport link. The platform reads all the time and tells nobody when it has written, so
 * that `pause` is missing, and what it has taken counts as written while it keeps little; above that it is asked from time to time.
 */
import type { Address } from '../../core/address/address.js';
import type { LinkSink, TransportLink } from '../../core/api/transport.js';
import { NetworkError } from '../../core/errors.js';
import { joinBytes } from '../../core/structures/bytes.js';
import { messagesOf } from './messages.js';

/** The part of the platform's WebSocket that is used. */
export interface PlatformWebSocket {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number): void;
}

const OPEN = 1;
/** How long `end` may take before the channel counts as closed. */
const LINGER_MS = 1_000;
/** What the platform may keep unsent while its taking counts as writing: what a system keeps for a socket. */
const BUFFERED_BYTES_MAX = 262_144;
const POLL_MS = 10;
const GOOD_CODES: ReadonlySet<number> = new Set([1000, 1001, 1005]);

export class PlatformLink implements TransportLink {
  readonly localAddress = undefined;
  readonly #webSocket: PlatformWebSocket;
  #sink: LinkSink | undefined;
  /** Given to the platform and not yet reported. */
  #unreportedBytes = 0;
  #isPolling = false;
  #isEnding = false;
  #linger: ReturnType<typeof setTimeout> | undefined;
  #cause: NetworkError | undefined;

  constructor(
    webSocket: PlatformWebSocket,
    readonly remoteAddress: Address,
  ) {
    this.#webSocket = webSocket;
  }

  /** Starts to report to `sink`. Called once, before the event loop goes on. */
  attach(sink: LinkSink): void {
    this.#sink = sink;
    this.#webSocket.onmessage = ({ data }: { readonly data: unknown }) => this.#onMessage(data);
    this.#webSocket.onerror = () => {
      this.#cause ??= this.#failure('the platform reports an error');
    };
    this.#webSocket.onclose = ({ code }: { readonly code: number }) => this.#onClose(code);
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.#isEnding || this.#webSocket.readyState !== OPEN) return;
    for (const { parts, byteCount } of messagesOf(chunks)) {
      this.#webSocket.send(joinBytes(parts) as Uint8Array<ArrayBuffer>);
      this.#unreportedBytes += byteCount;
    }
    if (this.#unreportedBytes > 0 && !this.#isPolling) this.#report();
  }

  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#webSocket.close(1000);
    this.#linger = setTimeout(() => this.#close(undefined), LINGER_MS);
  }

  /** The platform has no way to drop what is queued; what comes is not looked at any more. */
  destroy(): void {
    this.#isEnding = true;
    this.#webSocket.onmessage = null;
    this.#webSocket.close();
    queueMicrotask(() => this.#close(undefined));
  }

  #onMessage(data: unknown): void {
    if (!(data instanceof ArrayBuffer)) {
      this.#cause ??= this.#failure('a text message was received');
      this.#webSocket.close(1003);
    } else if (data.byteLength > 0) this.#sink?.onBytes(new Uint8Array(data));
  }

  /** Later, since a sink is never called during a call; once the platform keeps little. */
  #report(): void {
    this.#isPolling = true;
    const isRoom = this.#webSocket.bufferedAmount <= BUFFERED_BYTES_MAX;
    if (isRoom) queueMicrotask(() => this.#onReported());
    else setTimeout(() => this.#poll(), POLL_MS);
  }

  #poll(): void {
    if (this.#webSocket.bufferedAmount <= BUFFERED_BYTES_MAX) this.#onReported();
    else if (this.#sink !== undefined) setTimeout(() => this.#poll(), POLL_MS);
  }

  #onReported(): void {
    const byteCount = this.#unreportedBytes;
    this.#unreportedBytes = 0;
    this.#isPolling = false;
    this.#sink?.onWritten(byteCount);
  }

  #onClose(code: number): void {
    if (!this.#isEnding && !GOOD_CODES.has(code)) this.#cause ??= this.#failure(`it was closed with code ${code}`);
    this.#close(this.#isEnding ? undefined : this.#cause);
  }

  #close(cause: NetworkError | undefined): void {
    const sink = this.#sink;
    this.#sink = undefined;
    this.#isEnding = true;
    clearTimeout(this.#linger);
    sink?.onClosed(cause);
  }

  #failure(flaw: string): NetworkError {
    const details = { address: this.remoteAddress.text };
    return new NetworkError('TRANSPORT_FAILED', `lost the channel to ${this.remoteAddress.text}: ${flaw}`, { details });
  }
}
