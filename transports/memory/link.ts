/**
 * @module MemoryLink: one end of a channel in memory. It behaves as a TCP link does: bytes arrive in a buffer that is used again, large
 * chunks in pieces; the end of one side is the end of both; no sink is called during a call.
 */
import type { Address } from '../../core/address/address.js';
import type { LinkSink, TransportLink } from '../../core/api/transport.js';
import { NetworkError } from '../../core/errors.js';
import { limitReached } from '../../core/limits.js';
import type { MemoryNetwork } from './network.js';

export class MemoryLink implements TransportLink {
  readonly #network: MemoryNetwork;
  #peer: MemoryLink | undefined;
  /** Absent before `attach` and after the close. */
  #sink: LinkSink | undefined;
  #queuedBytes = 0;
  #isEnding = false;
  #isDestroyed = false;
  /** What came while this end is paused, in order; absent while it reads. */
  #held: (() => void)[] | undefined;

  private constructor(
    network: MemoryNetwork,
    readonly localAddress: Address,
    readonly remoteAddress: Address,
  ) {
    this.#network = network;
  }

  /** Both ends of a new channel: the dialling one, then the accepting one. */
  static pair(network: MemoryNetwork, dialler: Address, listener: Address): readonly [MemoryLink, MemoryLink] {
    const near = new MemoryLink(network, dialler, listener);
    const far = new MemoryLink(network, listener, dialler);
    near.#peer = far;
    far.#peer = near;
    network.linkCount++;
    return [near, far];
  }

  attach(sink: LinkSink): void {
    this.#sink = sink;
  }

  write(chunks: readonly Uint8Array[]): void {
    const byteCount = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    if (byteCount === 0 || this.#isEnding) return;
    this.#queuedBytes += byteCount;
    if (this.#queuedBytes > this.#network.queuedBytesMax) this.#break(this.#overflow());
    else this.#network.later(() => this.#deliver(chunks, byteCount));
  }

  pause(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#network.first(held);
  }

  get isPaused(): boolean {
    return this.#held !== undefined;
  }

  /** Does it once this end is resumed, in order. */
  hold(task: () => void): void {
    this.#held?.push(task);
  }

  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#network.later(() => this.#endBoth());
  }

  destroy(): void {
    this.#break(undefined);
  }

  /** What the other end has written. */
  receive(chunk: Uint8Array): void {
    const { readBuffer } = this.#network;
    for (let start = 0; start < chunk.length && !this.#isDestroyed; start += readBuffer.length) {
      if (this.isPaused) return this.hold(() => this.receive(chunk.subarray(start)));
      const piece = chunk.subarray(start, start + readBuffer.length);
      readBuffer.set(piece);
      this.#sink?.onBytes(readBuffer.subarray(0, piece.length));
    }
  }

  /** Ends the channel at once. As with TCP, the remote gets a failure when bytes were lost, else an end. */
  #break(cause: NetworkError | undefined): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#isEnding = true;
    const remoteCause = this.#queuedBytes > 0 ? this.#reset() : undefined;
    this.#network.later(() => this.#closeBoth(cause, remoteCause));
  }

  #deliver(chunks: readonly Uint8Array[], byteCount: number): void {
    if (this.#isDestroyed) return;
    const peer = this.#peer;
    if (peer?.isPaused === true) return peer.hold(() => this.#deliver(chunks, byteCount));
    this.#queuedBytes -= byteCount;
    for (const chunk of chunks) peer?.receive(chunk);
    this.#sink?.onWritten(byteCount);
  }

  /** A remote that is paused learns of the end behind the bytes before it. */
  #endBoth(): void {
    const peer = this.#peer;
    if (peer?.isPaused === true) peer.hold(() => this.#endBoth());
    else this.#closeBoth(undefined, undefined);
  }

  /** Called for the first of the two ends that closes; later calls find no peer any more. */
  #closeBoth(cause: NetworkError | undefined, remoteCause: NetworkError | undefined): void {
    const peer = this.#peer;
    if (peer === undefined) return;
    this.#network.linkCount--;
    this.#peer = undefined;
    peer.#peer = undefined;
    peer.#close(remoteCause);
    this.#close(cause);
  }

  #close(cause: NetworkError | undefined): void {
    const sink = this.#sink;
    this.#sink = undefined;
    this.#isEnding = true;
    this.#isDestroyed = true;
    sink?.onClosed(cause);
  }

  #overflow(): NetworkError {
    const maximum = this.#network.queuedBytesMax;
    const what = `the channel to ${this.remoteAddress.text}`;
    return limitReached({ limit: 'queuedBytesMax', current: this.#queuedBytes, maximum, scope: 'the memory network', what });
  }

  #reset(): NetworkError {
    return new NetworkError('TRANSPORT_FAILED', `lost the channel to ${this.localAddress.text}: the remote destroyed it`);
  }
}
