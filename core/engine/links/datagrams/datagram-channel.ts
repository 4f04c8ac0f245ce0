/**
 * @module DatagramChannel: a link's channel over datagrams that are lost, doubled and reordered. Frames go in packets (`packet.ts`), each service's
 * in a sequence of its own; what is lost is sent again (`outbound-packets.ts`), what arrives is put into order (`inbound-sequences.ts`). One
 * deadline of the engine wakes the channel (`channel-wake.ts`).
 */
import type { Address } from '../../../address/address.js';
import { isRelayed } from '../../../address/address-class.js';
import { DATAGRAM_OVERHEAD } from '../../../security/datagrams/epoch.js';
import { DATAGRAM_BYTES_MAX } from '../../../security/datagrams/header.js';
import { SecureDatagrams } from '../../../security/datagrams/secure-datagrams.js';
import type { SecureStreamFailure } from '../../../security/secure-stream.js';
import { ByteWriter } from '../../../structures/byte-writer.js';
import { carve, trim } from '../../../structures/carved.js';
import type { EngineContext } from '../../context.js';
import type { ChannelLink, LinkChannel } from '../link-channel.js';
import { ChannelWake } from './channel-wake.js';
import { InboundSequences } from './inbound-sequences.js';
import type { DatagramChannelOptions } from './options.js';
import { OutboundPackets } from './outbound-packets.js';
import { CHALLENGE_BYTES, type Packet, readPacket, writeChallenge, writeResponse } from './packet.js';
import { PathCheck } from './path-check.js';
import { Remains } from './remains.js';

/** Of other sequences than 0 so much is kept before the link is open. */
const BEFORE_OPEN_BYTES_MAX = 65_536;
/** A challenge alone fits, and with the longest acknowledgement. */
const CHALLENGE_ITEM_BYTES = 1 + CHALLENGE_BYTES;
const PACKET_BYTES_MIN = 400;
const EMPTY = new Uint8Array(0);

export class DatagramChannel implements LinkChannel {
  readonly kind = 'datagram';
  isBlocked = false;
  /** What it leaves to the one after it. */
  readonly remains: Remains;
  /** The remote has broken the protocol of packets. */
  #hasBroken = false;
  readonly #secure: SecureDatagrams;
  readonly #packets: OutboundPackets;
  readonly #inbound: InboundSequences;
  readonly #check: PathCheck;
  readonly #wake: ChannelWake;

  constructor(
    private readonly context: EngineContext,
    private link: ChannelLink,
    private readonly options: DatagramChannelOptions,
  ) {
    this.#secure = new SecureDatagrams(options.secure);
    this.#packets = new OutboundPackets(link, () => this.#secure.takeRekey(), options);
    this.#inbound = new InboundSequences(options.frameBytesMax, this.#packets.earlyMax);
    this.#wake = new ChannelWake(context, () => this.#expire());
    this.remains = new Remains(this.#inbound, this.#packets, context.limits.readQueueBytesMax);
    this.#check = new PathCheck(options.remoteAddress.withNodeId(undefined), context.options.random);
  }

  get state() {
    return this.#secure.state;
  }

  get failure(): SecureStreamFailure | undefined {
    return this.#secure.failure ?? (this.#hasBroken ? 'record-failed' : undefined);
  }

  get remote() {
    return this.#secure.remote;
  }

  get mismatch() {
    return this.#secure.mismatch;
  }

  get messageCount() {
    return this.#secure.messageCount;
  }

  get frames() {
    return this.#inbound.frames;
  }

  get isFlushed(): boolean {
    return this.#packets.path.isQuiet;
  }

  get unreliableBytesMax(): number {
    return this.#packets.unreliableBytesMax;
  }

  get bufferedBytes(): number {
    return this.#inbound.keptBytes;
  }

  /** There is something to read as soon as the link is open. */
  get hasParked(): boolean {
    return this.#inbound.hasParked;
  }

  get socketId(): number {
    return this.options.socketId;
  }

  /** Something was sent, and nothing was acknowledged since. */
  get isSilent(): boolean {
    return this.#packets.isSilentAt(this.context.nowMs);
  }

  carry(link: ChannelLink): void {
    this.link = link;
    this.#packets.carry(link);
    this.options.onCarried(link);
  }

  abandon(): number {
    return this.#packets.takeAll().reduce((count, frame) => count + frame.messageCount, 0);
  }

  start(): void {
    const { initiation } = this.options;
    this.options.initiation = undefined;
    if (initiation === undefined) this.#secure.start(this.context.nowMs);
    else this.#answer(initiation);
    this.context.touch(this.link);
  }

  /** The link is open. */
  opened(): void {
    this.readsServices = true;
    this.#packets.opened();
  }

  /** Sequences of services are read. Until then what comes of them is kept. */
  set readsServices(isReading: boolean) {
    this.#inbound.isOpen = isReading;
  }

  /** Takes a datagram. Whether it is the remote's: what was sealed for this session and came for the first time, or a message of its handshake. */
  receive(datagram: Uint8Array, from: Address): boolean {
    const received = this.#secure.receive(datagram, this.context.nowMs);
    if (typeof received === 'string') this.#check.received(from, datagram.length);
    else this.#takePlaintext(received.plaintext, from, datagram.length, received.isNewest);
    // Whoever goes on with the handshake from there has had the answer that was sent there.
    if (received === 'handshake' && this.state === 'secured' && from.text === this.#check.current.text) this.#check.prove();
    this.isBlocked = false;
    this.context.touch(this.link);
    return received !== 'refused';
  }

  read(): Uint8Array | undefined {
    return this.state === 'failed' ? undefined : this.#inbound.read();
  }

  settle(): void {}

  release(): void {}

  seal(output: Uint8Array[]): boolean {
    if (this.remains.isSuspended) return true;
    const said = this.#secure.takeOutput();
    for (const { length } of said) this.#check.sent(length);
    output.push(...said);
    let isSealed = true;
    while (isSealed && this.state === 'secured') {
      const packet = this.#compose();
      if (packet.length === 0) break;
      const datagram = this.#secure.seal(packet, this.context.nowMs);
      isSealed = datagram !== undefined;
      if (datagram === undefined) break;
      // What the next one may have depends on it.
      this.#check.sent(datagram.length);
      output.push(datagram);
    }
    this.isBlocked = this.#packets.hasWaiting;
    if (this.state !== 'failed') this.#wake.at(this.#dueMs);
    return isSealed;
  }

  send(datagrams: readonly Uint8Array[]): void {
    this.context.effect({ type: 'send', socketId: this.options.socketId, to: this.#check.current, datagrams });
  }

  wipe(): void {
    this.#acknowledgeLast();
    this.#wake.end();
    this.#secure.wipe();
    this.options.onEnded();
  }

  /** An initiation came: the answer is no longer than that. */
  #answer(initiation: Uint8Array): void {
    this.#secure.receive(initiation, this.context.nowMs);
    this.#check.received(this.#check.current, initiation.length);
  }

  #takePlaintext(plaintext: Uint8Array, from: Address, byteCount: number, isNewest: boolean): void {
    const packet = readPacket(plaintext);
    if (packet === undefined) return this.#fail();
    if (this.#check.arrived(from, byteCount, isNewest, this.context.nowMs)) this.#moved();
    if (packet.challenge !== undefined) this.#respond(packet.challenge, from);
    if (packet.response !== undefined) this.#check.answered(packet.response);
    if (packet.rekey !== undefined) this.#secure.receiveRekey(packet.rekey, this.context.nowMs);
    this.#take(packet);
  }

  #take(packet: Packet): void {
    const { nowMs } = this.context;
    if (packet.acknowledgement !== undefined && !this.#packets.path.acknowledged(packet.acknowledgement, nowMs)) return this.#fail();
    if (packet.number === undefined) return;
    const bytesMax = this.link.hasOpened ? this.context.limits.readQueueBytesMax : BEFORE_OPEN_BYTES_MAX;
    if (packet.unreliable.some((bytes) => !this.#inbound.receiveUnreliable(bytes, bytesMax))) return;
    if (!this.#inbound.receive(packet.pieces, packet.final, bytesMax)) return;
    this.#packets.receipts.receive(packet.number, nowMs, packet.pieces.length === 0 || this.#inbound.hasNews);
  }

  /** Of a goodbye the remote wants to know that it has come. */
  #acknowledgeLast(): void {
    const writer = new ByteWriter();
    if (this.state !== 'secured' || !this.#packets.acknowledge(writer, this.context.nowMs)) return;
    const datagram = this.#secure.seal(writer.written, this.context.nowMs);
    if (datagram !== undefined && datagram.length <= this.#check.allowance) this.send([datagram]);
  }

  /** Packets take another path from now on. */
  #moved(): void {
    // Of a circuit that has ended nothing comes back.
    if (isRelayed(this.#check.current)) {
      this.#packets.path.broken();
      // Whoever has dialled a circuit gets what goes there, and nobody else.
      this.#check.prove();
    }
    this.#packets.path.changed();
    this.options.onMoved(this.#check.current);
  }

  /** To where the challenge came from, whether the link goes there or not. */
  #respond(challenge: Uint8Array, to: Address): void {
    const writer = new ByteWriter();
    writeResponse(writer, challenge);
    const datagram = this.#secure.seal(writer.written, this.context.nowMs);
    if (datagram === undefined) return;
    if (to.text === this.#check.current.text) this.#check.sent(datagram.length);
    this.context.effect({ type: 'send', socketId: this.options.socketId, to, datagrams: [datagram] });
  }

  #fail(): void {
    this.#hasBroken = true;
    this.#secure.wipe();
  }

  /** The next packet; empty when there is nothing to send, or no room for it. */
  #compose(): Uint8Array {
    const { nowMs } = this.context;
    const byteCount = Math.min(this.#packets.bytesAt(nowMs), this.#check.allowance) - DATAGRAM_OVERHEAD;
    const challenge = this.#check.takeChallenge(nowMs);
    const isRoomy = byteCount >= PACKET_BYTES_MIN;
    const isAckDue = isRoomy && this.#packets.receipts.dueMs <= nowMs;
    // What is sent again may be as long as the longest.
    const hasRoom = this.#mayBeLong && this.#hasWaiting && this.#packets.path.room(nowMs) > 0;
    if (byteCount < CHALLENGE_ITEM_BYTES || (challenge === undefined && !isAckDue && !hasRoom)) return EMPTY;
    // Until they are acknowledged, frames stay where they were written.
    const writer = new ByteWriter(carve(hasRoom ? byteCount : PACKET_BYTES_MIN));
    if (challenge !== undefined) writeChallenge(writer, challenge);
    if (isAckDue || hasRoom) this.#packets.acknowledge(writer, nowMs);
    if (hasRoom) this.#fill(writer);
    trim(writer.slab, writer.length);
    return writer.written;
  }

  #fill(writer: ByteWriter): void {
    this.#packets.fill(writer, this.context.nowMs);
    const tooLargeCount = this.#packets.takeTooLarge();
    if (tooLargeCount > 0) this.context.dropped('too-large', tooLargeCount, this.link.id);
  }

  /** As much may be sent to where the link goes now as the longest datagram has. */
  get #mayBeLong(): boolean {
    return this.#check.allowance >= DATAGRAM_BYTES_MAX;
  }

  get #hasWaiting(): boolean {
    return this.#packets.hasWaiting || this.#secure.hasRekey;
  }

  get #dueMs(): number {
    const asksAtMs = Math.min(this.#secure.nextAtMs, this.#packets.path.nextAtMs, this.#check.challengeAtMs);
    if (this.#check.allowance < PACKET_BYTES_MIN + DATAGRAM_OVERHEAD) return asksAtMs;
    const roomAtMs = this.#mayBeLong && this.#hasWaiting ? this.#packets.path.roomAtMs : Number.POSITIVE_INFINITY;
    return Math.min(asksAtMs, this.#packets.receipts.dueMs, roomAtMs);
  }

  #expire(): void {
    const { nowMs } = this.context;
    this.#secure.expire(nowMs);
    this.#packets.path.expire(nowMs);
    if (this.#check.expire(nowMs)) this.#moved();
    if (this.#packets.path.isOver === true) this.options.onOver();
    if (this.isSilent && !this.remains.isSuspended) this.options.onSilent();
    this.isBlocked = false;
    this.context.touch(this.link);
  }
}
