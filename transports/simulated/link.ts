/**
 * @module SimulatedLink: one end of a channel. It behaves as a TCP link does: bytes come in pieces of their own choosing, the end of one
 * side is the end of both, and no sink is called during a call. What was written counts as written when it has arrived, so that a slow
 * or cut path holds its writer up.
 */

import { type Address, type LinkSink, limitReached, NetworkError, type TransportLink } from '../../core/index.js';
import { joinBytes } from '../../core/structures/bytes.js';
import type { Instance } from './host.js';
import type { Pipe, Segment } from './pipe.js';

/** The most that one `onBytes` carries, and one event delivers. */
const PIECE_BYTES_MAX = 65_536;
/** How long `end` may take before this side stops waiting for the other. */
const LINGER_MS = 1_000;
/** Bytes that may be under way; an owner that keeps to its write window never reaches it. */
const QUEUED_BYTES_MAX = 64 * 1024 * 1024;
/** What used bytes are overwritten with: they are valid during the call only, and this makes it so. */
const USED = 0xdb;

export class SimulatedLink implements TransportLink {
  #sink: LinkSink | undefined;
  #isEnding = false;
  #isClosed = false;
  #stopLinger: () => void = () => {};
  /** What comes from the other end; set by the channel. */
  inward: Pipe | undefined;

  constructor(
    private readonly instance: Instance,
    private readonly out: Pipe,
    readonly localAddress: Address,
    readonly remoteAddress: Address,
  ) {
    instance.links.add(this);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Starts to report. */
  attach(sink: LinkSink): void {
    this.#sink = sink;
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.#isEnding || !this.instance.isAlive) return;
    const bytes = joinBytes(chunks);
    for (let start = 0; start < bytes.length; start += PIECE_BYTES_MAX)
      this.out.send({ type: 'bytes', bytes: bytes.subarray(start, start + PIECE_BYTES_MAX) });
    if (this.out.queuedBytes > QUEUED_BYTES_MAX) this.#break(tooMuch(this, this.out.queuedBytes));
  }

  pause(): void {
    if (!this.#isClosed) this.inward?.hold();
  }

  resume(): void {
    this.inward?.release();
  }

  end(): void {
    if (this.#isEnding || !this.instance.isAlive) return;
    this.#isEnding = true;
    this.out.send({ type: 'end' });
    this.#stopLinger = this.instance.after(LINGER_MS, () => this.destroy());
  }

  destroy(): void {
    if (this.instance.isAlive) this.#break(undefined);
  }

  /** There is no channel: the dial has failed. */
  discard(): void {
    this.#close(undefined);
  }

  /** The instance crashes: others see silence, or broken channels. */
  crash(isReset: boolean): void {
    if (isReset) this.out.send({ type: 'reset', cause: lost(this) });
    this.out.silence();
    this.inward?.release();
  }

  /** From the other end. */
  receive(segment: Segment): void {
    if (this.#isClosed) return;
    if (segment.type === 'bytes') return this.#take(segment.bytes);
    if (!this.#isEnding && segment.type === 'end') this.out.send({ type: 'end' });
    this.#close(segment.type === 'reset' ? segment.cause : undefined);
  }

  written(byteCount: number): void {
    if (!this.#isClosed) this.#sink?.onWritten(byteCount);
  }

  /** The other host has no such channel. */
  bounced(): void {
    if (!this.#isClosed) this.#close(lost(this));
  }

  #take(bytes: Uint8Array): void {
    this.#sink?.onBytes(bytes);
    bytes.fill(USED);
  }

  /** Ends it at once; the sink is called when the present call is over. */
  #break(cause: NetworkError | undefined): void {
    if (this.#isClosed) return;
    const isLoss = this.out.abandon();
    if (isLoss) this.out.send({ type: 'reset', cause: lost(this) });
    else if (!this.#isEnding) this.out.send({ type: 'end' });
    this.#isClosed = true;
    this.inward?.release();
    this.instance.after(0, () => this.#tellClosed(cause));
  }

  #close(cause: NetworkError | undefined): void {
    this.#isClosed = true;
    this.#tellClosed(cause);
  }

  #tellClosed(cause: NetworkError | undefined): void {
    this.#isEnding = true;
    this.#stopLinger();
    this.instance.links.delete(this);
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.onClosed(cause);
  }
}

function lost({ remoteAddress }: SimulatedLink): NetworkError {
  return new NetworkError('TRANSPORT_FAILED', `lost the channel to ${remoteAddress.text}: connection reset`);
}

function tooMuch({ remoteAddress }: SimulatedLink, current: number): NetworkError {
  const what = `the channel to ${remoteAddress.text}`;
  return limitReached({ limit: 'QUEUED_BYTES_MAX', current, maximum: QUEUED_BYTES_MAX, scope: 'the simulation', what });
}
