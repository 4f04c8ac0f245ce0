/**
 * @module LinkPipeline: the bytes of one link, in and out. In: secure channel, records, frames, one message at a time to `delivery.ts`.
 * Out: what the handshake has to say, then the lanes sealed into records, then, for a closing link, the goodbye.
 */

import type { CloseCode } from '../../errors.js';
import type { SecureStream } from '../../security/secure-stream.js';
import type { EngineContext } from '../context.js';
import type { Duplicates } from './duplicates.js';
import type { Link } from './link.js';
import type { LinkTable } from './link-table.js';

/** Takes the messages that come in. */
export interface MessageReceiver {
  /** The message is between `start` and `end`. */
  receive(link: Link, bytes: Uint8Array, start: number, end: number): void;
}

/** What is kept of a link that is held back: what a node may send before its link is open fits. */
const HELD_BYTES_MAX = 262_144;
/** What is kept of a link that waits for a slot, where its channel cannot be paused. */
const WAITING_BYTES_MAX = 65_536;
/** What a chunk costs besides its bytes. */
const CHUNK_BYTES = 128;

export class LinkPipeline {
  constructor(
    private readonly context: EngineContext,
    private readonly links: LinkTable,
    private readonly duplicates: Duplicates,
    private readonly receiver: MessageReceiver,
  ) {}

  /** A chunk of the channel. The bytes are the transport's: what is kept is copied. */
  receive(link: Link, bytes: Uint8Array): void {
    const { secure } = link;
    if (link.isOver) return;
    link.lastReceivedMs = this.context.nowMs;
    link.hasReceived = true;
    this.context.metrics.bytesReceived.value += bytes.length;
    if (secure === undefined || link.isHeld) return this.keep(link, bytes);
    this.take(link, secure, bytes);
  }

  /** The link was not read for a while: it had no slot, or was held back. */
  readOn(link: Link): void {
    const { secure } = link;
    if (secure === undefined || link.isOver) return;
    this.read(link, secure);
    const chunks = link.heldChunks.splice(0);
    link.heldBytes = 0;
    for (const chunk of chunks) {
      if (link.isOver) return;
      if (link.isHeld) this.keep(link, chunk);
      else this.take(link, secure, chunk);
    }
  }

  private take(link: Link, secure: SecureStream, bytes: Uint8Array): void {
    secure.push(bytes);
    if (link.phase === 'securing') this.secured(link, secure);
    this.read(link, secure);
  }

  /** Only so much as a handshake needs while it waits for a slot, and what may be sent before it is open while it is held back. */
  private keep(link: Link, bytes: Uint8Array): void {
    link.heldChunks.push(bytes.slice());
    link.heldBytes += bytes.length + CHUNK_BYTES;
    const isTooMuch = link.heldBytes > (link.isHeld ? HELD_BYTES_MAX : WAITING_BYTES_MAX);
    if (isTooMuch) this.links.close(link, 'protocol-error', 'too much was sent before this node could take it');
  }

  private read(link: Link, secure: SecureStream): void {
    while (!link.isHeld) {
      const plaintext = secure.read();
      if (plaintext === undefined || link.isOver) break;
      this.receivePlaintext(link, plaintext);
      if (link.isOver) return;
    }
    if (secure.state === 'failed') return this.links.close(link, secure.failure as CloseCode, 'the secure channel failed');
    secure.settle();
  }

  /** Writes what the link has to write, as far as its window allows. */
  write(link: Link): void {
    const { secure, outbox } = link;
    if (secure === undefined || link.phase === 'closed') return;
    const chunks: Uint8Array[] = [...secure.takeOutput()];
    const isSealed = secure.state !== 'secured' || outbox.drain((plaintext) => secure.seal(plaintext), chunks);
    if (link.phase === 'closing' && outbox.isEmpty && !link.isGoodbyeQueued) {
      this.links.sayGoodbye(link);
      outbox.drain((plaintext) => secure.seal(plaintext), chunks);
    }
    this.handOver(link, chunks);
    if (!isSealed) this.exhausted(link);
    if (link.phase === 'closing' && link.isGoodbyeQueued && outbox.isEmpty) this.links.finish(link);
  }

  /** Authors are called in a step, not in the midst of a flush. */
  private exhausted(link: Link): void {
    const close = () => this.links.close(link, 'record-failed', 'the link has sealed as many records as its keys allow');
    this.context.enqueue({ run: close });
  }

  private handOver(link: Link, chunks: readonly Uint8Array[]): void {
    if (chunks.length === 0) return;
    link.lastSentMs = this.context.nowMs;
    this.context.metrics.recordsSent.value++;
    let byteCount = 0;
    for (const chunk of chunks) byteCount += chunk.length;
    this.context.metrics.bytesSent.value += byteCount;
    link.outbox.handedOver(byteCount);
    this.context.effect({ type: 'write', connectionId: link.id, chunks });
  }

  /** The handshake went on: there may be something to write, and the remote may be proven. */
  private secured(link: Link, secure: SecureStream): void {
    this.context.touch(link);
    if (secure.messageCount > link.handshakeCount) this.links.handshakes.progress(link);
    link.handshakeCount = secure.messageCount;
    const { remote } = secure;
    if (secure.state !== 'secured' || remote === undefined) return;
    const { nodeId, instance, channelBinding } = remote;
    const { id, direction, remoteAddress, localAddress, attemptId } = link;
    link.prove(
      { id, nodeId, direction, remoteAddress, localAddress, attemptId, provenMs: this.context.nowMs, channelBinding },
      instance.join('.'),
      this.context.metrics.undecodable,
      this.context.limits,
    );
    this.links.handshakes.identified(link);
    this.duplicates.proven(link);
  }

  private receivePlaintext(link: Link, plaintext: Uint8Array): void {
    const { frames } = link;
    frames.push(plaintext);
    while (frames.next()) {
      if (!link.hasOpened) this.links.handshakes.progress(link);
      this.receiver.receive(link, frames.bytes, frames.start, frames.end);
      this.context.drain();
      if (link.isOver) return;
    }
    if (!frames.hasLent) this.context.options.crypto.release?.(plaintext);
    if (frames.isBroken) this.links.close(link, 'protocol-error', 'malformed frame');
  }
}
