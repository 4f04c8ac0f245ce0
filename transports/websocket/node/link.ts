/**
 * @module WebSocketLink: one WebSocket as a transport link. Its binary messages are a pipe of bytes, whose boundaries mean nothing. It gathers the
 * chunks of a `write`, reports when the system took them, and reports the end exactly once. What is no data (pings, empty messages) is
 * answered or ignored, and ends the link when more of it comes between data than any remote needs to send.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Address } from '../../../core/address/address.js';
import type { LinkSink, TransportLink } from '../../../core/api/transport.js';
import { NetworkError } from '../../../core/errors.js';
import { freeSpent } from '../../../core/platform/node/spent.js';
import { writeGathered } from '../../tcp/gather.js';
import { socketAddress } from '../../tcp/socket-address.js';
import { networkError } from '../../tcp/system-error.js';
import { messagesOf } from '../messages.js';
import { frameHead } from './frame-head.js';

/** How long `end` may take before the channel is destroyed. */
const LINGER_MS = 1_000;
/** Messages without data, between two with. */
const EMPTY_MAX = 1_000;
/** Closing codes of a remote that ends in good order: normal, going away (a page that is left), none given. */
const GOOD_CODES: ReadonlySet<number> = new Set([1000, 1001, 1005]);
const ABNORMAL = 1006;

export class WebSocketLink implements TransportLink {
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #scheme: string;
  readonly #isMasked: boolean;
  #localAddress: Address | undefined;
  /** Absent before `attach` and after the close. */
  #sink: LinkSink | undefined;
  #isEnding = false;
  #isDestroyed = false;
  #linger: NodeJS.Timeout | undefined;
  #isPaused = false;
  /** What had been read when this side paused: at most one read of the socket, and a message before it. */
  #held: Uint8Array[] = [];
  /** The end that waits behind what is held. */
  #heldEnd: (() => void) | undefined;
  #emptyCount = 0;
  /** The newest ping that is not answered; one answer at a time is under way. */
  #ping: Buffer | undefined;
  #isPonging = false;
  #cause: NetworkError | undefined;

  constructor(
    webSocket: WebSocket,
    socket: Socket,
    readonly remoteAddress: Address,
    isDialled: boolean,
  ) {
    this.#isMasked = isDialled;
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#scheme = remoteAddress.scheme;
    webSocket.binaryType = 'fragments';
  }

  get localAddress(): Address | undefined {
    this.#localAddress ??= socketAddress(this.#socket.localAddress, this.#socket.localPort, this.#scheme);
    return this.#localAddress;
  }

  /** Starts to report to `sink`. Called once, before the event loop goes on. */
  attach(sink: LinkSink): void {
    this.#sink = sink;
    this.#webSocket
      .on('message', (data, isBinary) => this.#onMessage(data as Buffer[], isBinary))
      .on('ping', (data: Buffer) => this.#onPing(data))
      .on('pong', () => this.#onEmpty())
      .on('error', (error) => this.#break(networkError('link', this.remoteAddress, error)))
      .on('close', (code: number) => this.#onClose(code));
  }

  write(chunks: readonly Uint8Array[]): void {
    const byteCount = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    if (byteCount === 0 || this.#isEnding || this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    const frames: Uint8Array[] = [];
    for (const message of messagesOf(chunks)) frames.push(frameHead(message.byteCount, this.#isMasked), ...message.parts);
    const frameBytes = frames.reduce((sum, { length }) => sum + length, 0);
    writeGathered(this.#socket, frames, frameBytes, (error) => {
      if (error) return;
      freeSpent(chunks);
      this.#sink?.onWritten(byteCount);
    });
  }

  pause(): void {
    this.#isPaused = true;
    this.#webSocket.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    queueMicrotask(() => this.#release());
  }

  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#linger = setTimeout(() => this.destroy(), LINGER_MS).unref();
    this.#webSocket.close(1000);
  }

  destroy(): void {
    this.#isEnding = true;
    this.#isDestroyed = true;
    this.#held = [];
    this.#webSocket.terminate();
    const heldEnd = this.#heldEnd;
    if (heldEnd !== undefined) queueMicrotask(heldEnd);
  }

  #onMessage(fragments: Buffer[], isBinary: boolean): void {
    if (!isBinary) return this.#break(this.#violation('a text message was received'));
    const pieces = fragments.filter(isFilled);
    if (pieces.length === 0) return this.#onEmpty();
    this.#emptyCount = 0;
    for (const piece of pieces) {
      if (this.#isPaused || this.#held.length > 0) this.#held.push(piece);
      else this.#sink?.onBytes(piece);
    }
  }

  /** What was held, until it is paused again; then the socket is read anew. */
  #release(): void {
    while (!this.#isPaused && this.#held.length > 0) this.#sink?.onBytes(this.#held.shift() as Uint8Array);
    if (this.#isPaused) return;
    if (this.#heldEnd !== undefined) this.#heldEnd();
    else this.#webSocket.resume();
  }

  #onPing(data: Buffer): void {
    this.#ping = data;
    this.#onEmpty();
    if (!this.#isPonging) this.#pong();
  }

  /** A remote that does not read gets one answer, to the newest of its pings. */
  #pong(): void {
    const ping = this.#ping;
    this.#ping = undefined;
    this.#isPonging = ping !== undefined && this.#webSocket.readyState === this.#webSocket.OPEN;
    if (this.#isPonging) this.#webSocket.pong(ping, undefined, () => this.#pong());
  }

  #onEmpty(): void {
    if (++this.#emptyCount > EMPTY_MAX) this.#break(this.#violation(`more than ${EMPTY_MAX} messages without data were received`));
  }

  #violation(flaw: string): NetworkError {
    const details = { address: this.remoteAddress.text };
    return new NetworkError('TRANSPORT_FAILED', `lost the channel to ${this.remoteAddress.text}: ${flaw}`, { details });
  }

  #break(cause: NetworkError): void {
    this.#cause ??= cause;
    this.#webSocket.terminate();
  }

  #onClose(code: number): void {
    const isOwn = this.#isDestroyed || this.#isEnding;
    if (!isOwn && code === ABNORMAL) this.#cause ??= this.#violation('it ended without a closing handshake');
    else if (!isOwn && !GOOD_CODES.has(code)) this.#cause ??= this.#violation(`the remote closed it with code ${code}`);
    if (!this.#isDestroyed && this.#held.length > 0) this.#heldEnd = () => this.#close();
    else this.#close();
  }

  #close(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    this.#isEnding = true;
    clearTimeout(this.#linger);
    sink?.onClosed(this.#isDestroyed ? undefined : this.#cause);
  }
}

function isFilled({ length }: Uint8Array): boolean {
  return length > 0;
}
