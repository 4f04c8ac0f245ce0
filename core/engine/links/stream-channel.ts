/**
 * @module StreamChannel: a link's channel over a stream of its own: records, whose plaintexts are one sequence of frames. The system repairs
 * losses and keeps what it took, so that what was written is out of this node's care.
 */
import { SecureStream, type SecureStreamOptions } from '../../security/secure-stream.js';
import { FrameReader } from '../../wire/frame.js';
import type { EngineContext } from '../context.js';
import type { ChannelLink, LinkChannel } from './link-channel.js';

export class StreamChannel implements LinkChannel {
  readonly kind = 'stream';
  readonly isFlushed = true;
  readonly isBlocked = false;
  readonly frames: FrameReader;
  private readonly secure: SecureStream;
  /** Of the transport's channel, also when it carries another link. */
  private readonly connectionId: number;

  constructor(
    private readonly context: EngineContext,
    private link: ChannelLink,
    options: SecureStreamOptions,
    frameBytesMax: number,
  ) {
    this.connectionId = link.id;
    this.secure = new SecureStream(options);
    this.frames = new FrameReader(frameBytesMax);
  }

  get state() {
    return this.secure.state;
  }

  get failure() {
    return this.secure.failure;
  }

  get remote() {
    return this.secure.remote;
  }

  get mismatch() {
    return this.secure.mismatch;
  }

  get messageCount() {
    return this.secure.messageCount;
  }

  get bufferedBytes() {
    return this.secure.bufferedBytes;
  }

  start(): void {
    this.secure.start();
  }

  /** Takes bytes of the stream. `chunk` may be reused once `read` has returned `undefined` or `settle` was called. */
  push(chunk: Uint8Array): void {
    this.secure.push(chunk);
  }

  read(): Uint8Array | undefined {
    return this.secure.read();
  }

  settle(): void {
    this.secure.settle();
  }

  release(plaintext: Uint8Array): void {
    this.context.options.crypto.release?.(plaintext);
  }

  seal(output: Uint8Array[]): boolean {
    const { secure, link } = this;
    output.push(...secure.takeOutput());
    return secure.state !== 'secured' || link.outbox.drain((plaintext) => secure.seal(plaintext), output);
  }

  send(chunks: readonly Uint8Array[], byteCount: number): void {
    this.link.outbox.handedOver(byteCount);
    this.context.effect({ type: 'write', connectionId: this.connectionId, chunks });
  }

  carry(link: ChannelLink): void {
    this.link = link;
    link.outbox.realign();
  }

  abandon(): number {
    return 0;
  }

  wipe(): void {
    this.secure.wipe();
  }
}
