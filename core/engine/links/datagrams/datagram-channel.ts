/**
 * @module DatagramChannel: a link's channel over datagrams that are lost, doubled and reordered. Frames go in packets (`packet.ts`), each service's
 * in a sequence of its own; what is lost is sent again, and how much may be in transit is found out, for all sequences together
 * (`kits/flow/repaired`). What arrives is put into order in `inbound-sequences.ts`. One deadline of the engine wakes the channel.
 */
import type { Address } from '../../../address/address.js';
import { Receipts, type RepairCounters, type RepairedFrame, RepairedPath } from '../../../kits/flow/repaired/index.js';
import { DATAGRAM_OVERHEAD } from '../../../security/datagrams/epoch.js';
import { INITIATION_BYTES } from '../../../security/datagrams/header.js';
import { SecureDatagrams, type SecureDatagramsOptions } from '../../../security/datagrams/secure-datagrams.js';
import type { SecureStreamFailure } from '../../../security/secure-stream.js';
import { ByteWriter } from '../../../structures/byte-writer.js';
import type { EngineContext } from '../../context.js';
import type { ChannelLink, LinkChannel } from '../link-channel.js';
import { FrameFeed } from './frame-feed.js';
import { InboundSequences } from './inbound-sequences.js';
import {
  type FinalItem,
  finalBytes,
  PIECE_HEAD_BYTES,
  type PieceItem,
  readPacket,
  writeAcknowledgementItem,
  writeFinal,
  writeNumber,
  writePiece,
  writePieceHead,
} from './packet.js';

/** Of other sequences than 0 so much is kept before the link is open. */
const BEFORE_OPEN_BYTES_MAX = 65_536;
/** A piece is begun only where so many bytes are left for it. */
const PIECE_ROOM_MIN = PIECE_HEAD_BYTES + 16;
/** Sequences of which a goodbye names the ends: as many as fit a packet with its text. */
const ENDS_MAX = 110;
const EMPTY = new Uint8Array(0);

/** What is sent again until it has arrived: a piece, or the goodbye. */
interface SentFrame extends RepairedFrame {
  readonly piece: PieceItem | undefined;
  readonly final: FinalItem | undefined;
  readonly messageCount: number;
}

export interface DatagramChannelOptions {
  readonly socketId: number;
  readonly remoteAddress: Address;
  readonly frameBytesMax: number;
  readonly counters: RepairCounters;
  readonly secure: SecureDatagramsOptions;
  /** To the responder: what the initiator has sent. */
  readonly initiation: Uint8Array | undefined;
  /** The channel has ended. */
  readonly onWiped: () => void;
}

export class DatagramChannel implements LinkChannel {
  readonly kind = 'datagram';
  remoteAddress: Address;
  failure: SecureStreamFailure | undefined;
  readonly #secure: SecureDatagrams;
  readonly #path: RepairedPath<SentFrame>;
  readonly #receipts = new Receipts();
  readonly #inbound: InboundSequences;
  readonly #feed: FrameFeed;
  #hasGoodbye = false;
  #wakeId = 0;
  #wakeMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly context: EngineContext,
    private readonly link: ChannelLink,
    private readonly options: DatagramChannelOptions,
  ) {
    this.remoteAddress = options.remoteAddress;
    this.#secure = new SecureDatagrams(options.secure);
    this.#path = new RepairedPath(options.counters);
    this.#inbound = new InboundSequences(options.frameBytesMax);
    this.#feed = new FrameFeed(link.outbox);
  }

  get state() {
    return this.#secure.state;
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
    return this.#path.isQuiet;
  }

  get bufferedBytes(): number {
    return this.#inbound.keptBytes;
  }

  /** There is something to read as soon as the link is open. */
  get hasParked(): boolean {
    return this.#inbound.hasParked;
  }

  abandon(): number {
    this.#path.broken();
    let count = 0;
    for (let frame = this.#path.takeLost(); frame !== undefined; frame = this.#path.takeLost()) count += frame.messageCount;
    return count;
  }

  start(): void {
    const { initiation } = this.options;
    if (initiation === undefined) this.#secure.start(this.context.nowMs);
    else this.#secure.receive(initiation, this.context.nowMs);
    this.failure ??= this.#secure.failure;
    this.context.touch(this.link);
  }

  /** The link is open. */
  opened(): void {
    this.#feed.opened();
  }

  /** Takes a datagram. Whether it is the remote's: what was sealed for this session and came for the first time, or a message of its handshake. */
  receive(datagram: Uint8Array, _from: Address): boolean {
    const { nowMs } = this.context;
    const received = this.#secure.receive(datagram, nowMs);
    this.failure ??= this.#secure.failure;
    if (received !== 'refused' && received !== 'handshake') this.#take(received);
    this.context.touch(this.link);
    return received !== 'refused';
  }

  read(): Uint8Array | undefined {
    return this.state === 'failed' ? undefined : this.#inbound.read(this.link.hasOpened);
  }

  settle(): void {}

  release(): void {}

  seal(output: Uint8Array[]): boolean {
    output.push(...this.#secure.takeOutput());
    let isSealed = true;
    while (isSealed && this.state === 'secured') {
      const packet = this.#compose();
      if (packet.length === 0) break;
      const datagram = this.#secure.seal(packet);
      isSealed = datagram !== undefined;
      if (datagram !== undefined) output.push(datagram);
    }
    this.#arm();
    return isSealed;
  }

  send(datagrams: readonly Uint8Array[]): void {
    this.context.effect({ type: 'send', socketId: this.options.socketId, to: this.remoteAddress, datagrams });
  }

  wipe(): void {
    this.#acknowledgeLast();
    this.context.deadlines.takeOwned(this);
    this.#secure.wipe();
    this.options.onWiped();
  }

  #take(plaintext: Uint8Array): void {
    const { nowMs } = this.context;
    const packet = readPacket(plaintext);
    if (packet === undefined) return this.#fail();
    if (packet.acknowledgement !== undefined && !this.#path.acknowledged(packet.acknowledgement, nowMs)) return this.#fail();
    if (packet.number === undefined) return;
    const { hasOpened } = this.link;
    const bytesMax = hasOpened ? this.context.limits.readQueueBytesMax : BEFORE_OPEN_BYTES_MAX;
    if (this.#inbound.receive(packet.pieces, packet.final, hasOpened, bytesMax)) this.#receipts.receive(packet.number, nowMs);
  }

  /** Of a goodbye the remote wants to know that it has come. */
  #acknowledgeLast(): void {
    if (this.state !== 'secured' || this.#receipts.dueMs === Number.POSITIVE_INFINITY) return;
    const writer = new ByteWriter();
    writeAcknowledgementItem(writer, this.#receipts.take(this.context.nowMs));
    const datagram = this.#secure.seal(writer.written);
    if (datagram !== undefined) this.send([datagram]);
  }

  /** The remote has broken the protocol. */
  #fail(): void {
    this.failure ??= 'record-failed';
    this.#secure.wipe();
  }

  /** The next packet; empty when there is nothing to send, or no room for it. */
  #compose(): Uint8Array {
    const { nowMs } = this.context;
    const isAckDue = this.#receipts.dueMs <= nowMs;
    const hasRoom = this.#hasWaiting && this.#path.room(nowMs) > 0;
    if (!isAckDue && !hasRoom) return EMPTY;
    const writer = new ByteWriter(new Uint8Array(INITIATION_BYTES - DATAGRAM_OVERHEAD));
    if (this.#receipts.dueMs < Number.POSITIVE_INFINITY) writeAcknowledgementItem(writer, this.#receipts.take(nowMs));
    if (hasRoom) this.#fill(writer);
    return writer.written;
  }

  /** Something is to be sent that has to arrive. */
  get #hasWaiting(): boolean {
    return this.#path.lostCount > 0 || !this.link.outbox.isEmpty;
  }

  /** What was lost goes before what is new. */
  #fill(writer: ByteWriter): void {
    const start = writer.length;
    const frames: SentFrame[] = [];
    writeNumber(writer, this.#path.nextNumber);
    this.#repeat(writer, frames);
    if (this.link.isGoodbyeQueued) this.#sayGoodbye(writer, frames);
    else this.#feedNew(writer, frames);
    if (frames.length === 0) writer.length = start;
    else this.#path.sent(frames, writer.length + DATAGRAM_OVERHEAD, this.context.nowMs);
  }

  #repeat(writer: ByteWriter, frames: SentFrame[]): void {
    for (let frame = this.#path.takeLost(); frame !== undefined; frame = this.#path.takeLost()) {
      const { piece, final } = frame;
      const byteCount = piece === undefined ? finalBytes(final as FinalItem) : PIECE_HEAD_BYTES + piece.bytes.length;
      if (byteCount > roomOf(writer)) return this.#path.putBack([frame]);
      if (piece === undefined) writeFinal(writer, final as FinalItem);
      else writePiece(writer, piece);
      frames.push(frame);
    }
  }

  #feedNew(writer: ByteWriter, frames: SentFrame[]): void {
    while (roomOf(writer) >= PIECE_ROOM_MIN) {
      const at = writer.length + PIECE_HEAD_BYTES;
      const run = this.#feed.take(writer.slab, at, writer.slab.length);
      if (run === undefined) return;
      const { sequence, position, byteCount, messageCount } = run;
      writePieceHead(writer, sequence, position, byteCount);
      writer.reserve(byteCount);
      const piece = { sequence, position, bytes: writer.slab.subarray(at, at + byteCount) };
      frames.push({ piece, final: undefined, messageCount, hasArrived: false });
    }
  }

  /** The goodbye takes effect where all sequences end. */
  #sayGoodbye(writer: ByteWriter, frames: SentFrame[]): void {
    if (this.#hasGoodbye) return;
    const { ends } = this.#feed;
    const bytes = this.#feed.takeLast();
    if (bytes === undefined) return;
    this.#hasGoodbye = true;
    const final = { ends: ends.slice(0, ENDS_MAX), bytes };
    const frame = { piece: undefined, final, messageCount: 0, hasArrived: false };
    if (finalBytes(final) > roomOf(writer)) return this.#path.putBack([frame]);
    writeFinal(writer, final);
    frames.push(frame);
  }

  /** Has the engine wake this channel when the next thing is due. */
  #arm(): void {
    const { deadlines } = this.context;
    const dueMs = this.#dueMs;
    if (dueMs >= this.#wakeMs || this.state === 'failed') return;
    deadlines.take(this.#wakeId);
    this.#wakeMs = dueMs;
    this.#wakeId = deadlines.add(() => this.#wake(), dueMs, this);
  }

  get #dueMs(): number {
    const roomAtMs = this.#hasWaiting ? this.#path.roomAtMs : Number.POSITIVE_INFINITY;
    return Math.min(this.#secure.nextAtMs, this.#path.nextAtMs, this.#receipts.dueMs, roomAtMs);
  }

  #wake(): void {
    const { nowMs } = this.context;
    this.#wakeMs = Number.POSITIVE_INFINITY;
    this.#secure.expire(nowMs);
    this.#path.expire(nowMs);
    this.context.touch(this.link);
  }
}

function roomOf({ slab, length }: ByteWriter): number {
  return slab.length - length;
}
