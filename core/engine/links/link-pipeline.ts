/**
 * @module LinkPipeline: the bytes of one link, in and out. In: secure channel, records, frames, one message at a time to `delivery.ts`.
 * Out: what the handshake has to say, then the lanes sealed into records, then, for a closing link, the goodbye. A link that has used up its
 * share of the turn goes on in the next one; meanwhile its channel is paused.
 */

import type { CloseCode } from '../../errors.js';
import type { DatagramFacts, EngineContext } from '../context.js';
import type { DatagramChannel } from './datagrams/datagram-channel.js';
import type { Duplicates } from './duplicates.js';
import type { Link } from './link.js';
import type { LinkChannel } from './link-channel.js';
import type { LinkTable } from './link-table.js';
import type { StreamChannel } from './stream-channel.js';
import { TurnBudget } from './turn-budget.js';

/** A datagram that came, and from where. */
export type DatagramArrival = Pick<DatagramFacts, 'from' | 'source'> & { readonly bytes: Uint8Array };

/** Takes the messages that come in. */
export interface MessageReceiver {
  /** The message is between `start` and `end`. */
  receive(link: Link, bytes: Uint8Array, start: number, end: number): void;
}

/** What is kept of a link that is held back: what a node may send before its link is open fits. */
const HELD_BYTES_MAX = 262_144;
/** What is kept of a link that waits for a slot, where its channel cannot be paused. */
const WAITING_BYTES_MAX = 65_536;
const HANDSHAKE_FAILED = 'the secure handshake failed: compare network and networkKey on both sides';
const READ_QUEUE_FULL = 'more was sent than limits.readQueueBytesMax lets wait, over a transport that cannot pause';
/** What a chunk costs besides its bytes. */
const CHUNK_BYTES = 128;

export class LinkPipeline {
  readonly budget: TurnBudget;

  constructor(
    private readonly context: EngineContext,
    private readonly links: LinkTable,
    private readonly duplicates: Duplicates,
    private readonly receiver: MessageReceiver,
  ) {
    this.budget = new TurnBudget(context);
  }

  /** A chunk of the channel. The bytes are the transport's: what is kept is copied, and not by `slice`, which of a Buffer is a view. */
  receive(link: Link, bytes: Uint8Array): void {
    const { channel } = link;
    if (link.isOver || channel?.kind === 'datagram') return;
    this.count(link, bytes);
    if (channel === undefined || link.isLeftUnread) return this.keep(link, new Uint8Array(bytes));
    this.budget.spend(link, () => {
      const rest = this.take(link, channel, bytes);
      const owner = link.successor ?? link;
      if (rest.length > 0 && !owner.isOver) this.keep(owner, new Uint8Array(rest));
    });
  }

  /**
   * A datagram of the link's session. It is opened at once, also for a link that is closing: it may acknowledge. What it carries, a link that is held
   * back or has used up its share leaves in the channel, within the channel's bound.
   */
  receiveDatagram(link: Link, { bytes, from, source }: DatagramArrival, channel: Link['channel'] = link.channel): void {
    if (channel?.kind !== 'datagram' || !channel.receive(bytes, from)) return;
    source?.onAuthentic?.();
    this.count(link, bytes);
    if (link.phase === 'securing') this.secured(link, channel);
    if (link.isOver || (link.awaitsFormer && channel !== link.former)) return;
    if (channel.state !== 'failed' && (link.isHeld || link.isDeferred)) return;
    this.budget.spend(link, () => this.read(link, channel));
  }

  private count(link: Link, bytes: Uint8Array): void {
    link.lastReceivedMs = this.context.nowMs;
    link.hasReceived = true;
    this.context.metrics.bytesReceived.value += bytes.length;
    link.bytesReceived += bytes.length;
  }

  /** The channel is gone. What came before takes effect first. */
  ended(link: Link, cause: Error | undefined): void {
    if (link.isDeferred || (link.isBehindFormer && !link.isOver)) link.end = { cause };
    else if (cause === undefined) this.links.channelClosed(link, 'truncated', 'the channel ended without a goodbye');
    else this.links.channelClosed(link, 'transport', cause.message);
  }

  /** The link was not read for a while: it had no slot, or was held back. */
  readOn(link: Link): void {
    this.budget.spend(link, () => this.resume(link));
  }

  /** What has come of the channel before, also in the midst of a message that came over the present one. */
  readFormer(link: Link): void {
    const { plaintext, former, readFrom } = link;
    link.plaintext = undefined;
    if (former !== undefined && !link.isDeferred) this.read(link, former);
    link.plaintext = plaintext;
    link.readFrom = readFrom;
  }

  /** A new turn: the links that have more to read than their share of the last one. */
  readDeferred(): void {
    const { deferred } = this.budget;
    for (const link of [...deferred]) {
      if (this.budget.isOver) return;
      deferred.delete(link);
      this.budget.spend(link, () => this.resume(link));
    }
  }

  private resume(link: Link): void {
    link.isDeferred = false;
    this.catchUp(link);
    if (link.isDeferred || link.phase === 'closed') return;
    this.links.resume(link);
    if (link.end !== undefined && !link.isBehindFormer) this.ended(link, link.end.cause);
  }

  /** What is there of the link already, as far as it may be read. */
  private catchUp(link: Link): void {
    const { heldChunks } = link;
    if (link.channel === undefined || link.isOver) return;
    if (!this.budget.hasRoom(link)) return this.defer(link);
    if (link.former !== undefined) this.read(link, link.former);
    const { channel } = link;
    if (link.awaitsFormer || link.isOver || link.isDeferred) return;
    this.read(link, channel);
    if (channel.kind === 'datagram') return;
    while (heldChunks.length > 0 && !link.isOver && !link.isLeftUnread) {
      // Out before it is taken: with that, the rest may become another link's.
      const chunk = heldChunks.shift() as Uint8Array;
      link.heldBytes -= chunk.length + CHUNK_BYTES;
      const rest = this.take(link, channel, chunk);
      if (rest.length === 0) continue;
      const owner = link.successor ?? link;
      owner.heldChunks.unshift(rest);
      owner.heldBytes += rest.length + CHUNK_BYTES;
    }
  }

  /** Returns what of the bytes is beyond the link's share of this turn. A chunk is divided only if it is longer than a whole share. */
  private take(link: Link, channel: StreamChannel, bytes: Uint8Array): Uint8Array {
    const { turnBytesMax } = this.context.limits;
    if (!this.budget.hasRoom(link)) {
      this.defer(link);
      return bytes;
    }
    const taken = bytes.length <= turnBytesMax ? bytes : bytes.subarray(0, turnBytesMax);
    link.turnBytes += taken.length;
    channel.push(taken);
    if (link.phase === 'securing') this.secured(link, channel);
    this.read(link, channel);
    if (!this.budget.hasRoom(link)) this.defer(link);
    return bytes.subarray(taken.length);
  }

  /** The link's share of this turn is used up. */
  private defer(link: Link): void {
    if (link.isDeferred || link.isOver) return;
    link.isDeferred = true;
    this.budget.deferred.add(link);
    this.links.pause(link);
  }

  /** Bytes that are not read yet, within the bound of what the link waits for. */
  private keep(link: Link, bytes: Uint8Array): void {
    const { readQueueBytesMax } = this.context.limits;
    link.heldChunks.push(bytes);
    link.heldBytes += bytes.length + CHUNK_BYTES;
    if (link.isDeferred || link.awaitsFormer) {
      if (link.heldBytes > readQueueBytesMax) this.links.close(link, 'read-queue-full', READ_QUEUE_FULL);
    } else if (link.heldBytes > (link.isHeld ? HELD_BYTES_MAX : WAITING_BYTES_MAX))
      this.links.close(link, 'protocol-error', 'too much was sent before this node could take it');
  }

  private read(link: Link, channel: StreamChannel | DatagramChannel): void {
    link.readFrom = channel;
    while (this.deliver(link, channel) && !link.isHeld) {
      const plaintext = channel.read();
      if (plaintext === undefined) break;
      link.plaintext = plaintext;
      link.turnBytes += channel.kind === 'datagram' ? plaintext.length : 0;
      channel.frames.push(plaintext);
    }
    if (link.isOver) return;
    if (channel.state === 'failed') return this.links.close(link, channel.failure as CloseCode, failureText(channel));
    channel.settle();
  }

  /** The messages of the record in work. Whether the next record may be read. */
  private deliver(link: Link, channel: LinkChannel): boolean {
    const { plaintext } = link;
    const { frames } = channel;
    if (link.isOver) return false;
    for (let byteCount = 0; ; byteCount = frames.end - frames.start) {
      if (!this.budget.allows(link, byteCount)) {
        this.defer(link);
        return false;
      }
      if (!frames.next()) break;
      link.turnMessages++;
      if (!link.hasOpened) this.links.handshakes.progress(link);
      this.receiver.receive(link, frames.bytes, frames.start, frames.end);
      this.context.drain();
      if (link.isOver || link.isDeferred) return false;
      if (link.isHeld || (link.awaitsFormer && channel !== link.former)) {
        frames.again();
        return false;
      }
    }
    if (plaintext !== undefined && !frames.hasLent) channel.release(plaintext);
    link.plaintext = undefined;
    if (frames.isBroken) this.links.close(link, 'protocol-error', 'malformed frame');
    return !frames.isBroken;
  }

  /** Writes what the link has to write, as far as its window allows. */
  write(link: Link): void {
    const { channel, outbox } = link;
    if (channel === undefined || link.phase === 'closed') return;
    if (link.former !== undefined) this.writeFormer(link, link.former);
    const chunks: Uint8Array[] = [];
    const isSealed = channel.seal(chunks);
    if (link.phase === 'closing' && outbox.isEmpty && !link.isGoodbyeQueued) {
      this.links.sayGoodbye(link);
      channel.seal(chunks);
    }
    this.handOver(link, channel, chunks);
    if (!isSealed) this.exhausted(link);
    if (link.phase === 'closing' && link.isGoodbyeQueued && outbox.isEmpty && channel.isFlushed && link.former?.isFlushed !== false)
      this.links.finish(link);
  }

  /** What it was given before the hand-over, until that has arrived: then the lanes go on over the present channel. */
  private writeFormer(link: Link, former: LinkChannel): void {
    const chunks: Uint8Array[] = [];
    former.seal(chunks);
    this.handOver(link, former, chunks);
    link.outbox.isHeld = !former.isFlushed;
  }

  /** The system took so many bytes: there is room for more. */
  written(link: Link, byteCount: number): void {
    link.outbox.written(byteCount);
    if (link.outbox.isWaiting) this.context.touch(link);
  }

  /** Authors are called in a step, not in the midst of a flush. */
  private exhausted(link: Link): void {
    const close = () => this.links.close(link, 'record-failed', 'the link has sealed as many records as its keys allow');
    this.context.enqueue({ run: close });
  }

  private handOver(link: Link, channel: LinkChannel, chunks: readonly Uint8Array[]): void {
    if (chunks.length === 0) return;
    link.lastSentMs = this.context.nowMs;
    this.context.metrics.recordsSent.value++;
    let byteCount = 0;
    for (const chunk of chunks) byteCount += chunk.length;
    this.context.metrics.bytesSent.value += byteCount;
    link.bytesSent += byteCount;
    channel.send(chunks, byteCount);
  }

  /** The handshake went on: there may be something to write, and the remote may be proven. */
  private secured(link: Link, channel: LinkChannel): void {
    this.context.touch(link);
    if (channel.messageCount > link.handshakeCount) this.links.handshakes.progress(link);
    link.handshakeCount = channel.messageCount;
    const { remote } = channel;
    if (channel.state !== 'secured' || remote === undefined) return;
    const { nodeId, instance, channelBinding } = remote;
    const { id, direction, remoteAddress, localAddress, attemptId } = link;
    link.prove(
      { id, nodeId, direction, remoteAddress, localAddress, attemptId, provenMs: this.context.nowMs, channelBinding, instance },
      this.context.metrics.undecodable,
      this.context.limits,
    );
    this.links.handshakes.identified(link);
    this.duplicates.proven(link);
  }
}

function failureText({ failure }: LinkChannel): string {
  return failure === 'handshake-failed' ? HANDSHAKE_FAILED : 'the secure channel failed';
}
