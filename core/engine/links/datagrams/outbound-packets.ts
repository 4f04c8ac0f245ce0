/**
 * @module OutboundPackets: makes the packets of a link: what is to be acknowledged, what was lost, then what waits in the lanes, control first, as
 * much as the path has room for. A packet is the memory of its pieces until they have arrived. What is sealed, and where it goes, is the
 * channel's business.
 */
import type { ReceivingSide, Repair, RepairCounters, RepairedFrame, SendingSide } from '../../../kits/flow/repaired/index.js';
import { DATAGRAM_OVERHEAD } from '../../../security/datagrams/epoch.js';
import { DATAGRAM_BYTES_MAX, DATAGRAM_BYTES_MIN } from '../../../security/datagrams/header.js';
import type { ByteWriter } from '../../../structures/byte-writer.js';
import type { ChannelLink } from '../link-channel.js';
import { FrameFeed, UNRELIABLE } from './frame-feed.js';
import {
  itemBytes,
  NUMBER_BYTES,
  PIECE_HEAD_BYTES,
  type SentItem,
  type SequenceEnd,
  splitPiece,
  UNRELIABLE_HEAD_BYTES,
  writeAcknowledgementItem,
  writeItem,
  writeNumber,
  writePieceHead,
  writeUnreliableHead,
} from './packet.js';
import { PathSize } from './path-size.js';

/** A piece is begun only where so many bytes are left for it. */
const PIECE_ROOM_MIN = PIECE_HEAD_BYTES + 16;
/** Sequences whose ends stand with the final frame: as many as fit a packet with the longest goodbye. */
const ENDS_MAX = 110;
/** Of a frame that has begun when the channel ends, in one piece. */
const REST_BYTES_MAX = 300;

/** Of a datagram with one unreliable frame all but that, and what that frame's own length takes. */
const WHOLE_OVERHEAD = DATAGRAM_OVERHEAD + NUMBER_BYTES + UNRELIABLE_HEAD_BYTES;
const FRAME_LENGTH_BYTES = 2;

/** What is sent again until it has arrived. */
export interface SentFrame extends RepairedFrame {
  readonly item: SentItem;
  /** Messages of authors that end in it. */
  readonly messageCount: number;
}

export class OutboundPackets {
  readonly path: SendingSide<SentFrame>;
  readonly receipts: ReceivingSide;
  /** Of one sequence so many pieces of the remote's wait at most for what is before them. */
  readonly earlyMax: number;
  readonly #silentMs: number;
  readonly #feed: FrameFeed;
  readonly #size = new PathSize();
  /** Something that cannot be taken apart fits long datagrams only. */
  #needsLong = false;
  /** The goodbye was the final frame. */
  #hasGoodbye = false;
  /** Nothing is taken from the lanes any more. */
  #isFinished = false;

  constructor(
    private link: ChannelLink,
    /** The next message of a new handshake, if there is one. */
    private readonly takeRekey: () => Uint8Array | undefined,
    { repair, counters }: { readonly repair: Repair; readonly counters: RepairCounters },
  ) {
    const { path, receipts, earlyMax, silentMs } = repair<SentFrame>(counters, this.#size);
    this.path = path;
    this.receipts = receipts;
    this.earlyMax = earlyMax;
    this.#silentMs = silentMs;
    this.#feed = new FrameFeed(link.outbox);
  }

  /** The link is open: each service has a sequence of its own. */
  opened(): void {
    this.#feed.opened();
  }

  /** All ends of sequences can be named. */
  get canFinish(): boolean {
    return !this.#isFinished && this.#feed.ends.length < ENDS_MAX;
  }

  /** Where each sequence ends that was used. */
  get ends(): readonly SequenceEnd[] {
    return this.#feed.ends;
  }

  /** The rest of the frames that have begun, then `last` as the final frame, at the end of all sequences; without one nothing more is to be sent here. */
  finish(last?: Uint8Array): void {
    if (this.#isFinished) return;
    const frames = this.#feed.takeBegun(REST_BYTES_MAX).map((piece) => frameOf({ type: 'piece', ...piece }));
    if (last !== undefined) frames.push(this.#finalOf(this.ends, last));
    this.#isFinished = true;
    this.path.lost.putBack(frames);
  }

  /** The lanes of another link, which is open. */
  carry(link: ChannelLink): void {
    this.link = link;
    this.#feed.carry(link.outbox);
  }

  /** What has not arrived, as far as is known; nothing of it is sent again here. */
  takeAll(): readonly SentFrame[] {
    const frames: SentFrame[] = [];
    this.path.broken();
    for (let frame = this.path.lost.take(); frame !== undefined; frame = this.path.lost.take()) frames.push(frame);
    return frames;
  }

  /** Something is to be sent that has to arrive. */
  get hasWaiting(): boolean {
    return this.path.lost.count > 0 || (!this.#isFinished && !this.link.outbox.isQuiet);
  }

  /** Something was sent, and nothing was acknowledged since. */
  isSilentAt(nowMs: number): boolean {
    return nowMs - this.path.silentSinceMs >= this.#silentMs;
  }

  /** How long the next datagram may be. One that is sent because nothing came back is short: that is how a path shows that it passes only those. */
  bytesAt(nowMs: number): number {
    if (this.#needsLong) return DATAGRAM_BYTES_MAX;
    return this.path.isProbing && this.path.lost.count > 0 ? DATAGRAM_BYTES_MIN : this.#size.bytesAt(nowMs);
  }

  /** The longest message that goes whole. */
  get unreliableBytesMax(): number {
    return this.#size.bytes - WHOLE_OVERHEAD - FRAME_LENGTH_BYTES;
  }

  /** Messages that were dropped since the last time, because the path has become too small for them. */
  takeTooLarge(): number {
    const count = this.#feed.tooLargeCount;
    this.#feed.tooLargeCount = 0;
    return count;
  }

  /** What is to be acknowledged, behind `writer`. False: nothing is. */
  acknowledge(writer: ByteWriter, nowMs: number): boolean {
    if (this.receipts.dueMs === Number.POSITIVE_INFINITY) return false;
    writeAcknowledgementItem(writer, this.receipts.take(nowMs));
    return true;
  }

  /** Fills up the packet that `writer` has begun, whose slab has its greatest size. */
  fill(writer: ByteWriter, nowMs: number): void {
    const start = writer.length;
    const frames: SentFrame[] = [];
    writeNumber(writer, this.path.nextNumber);
    this.#addUrgent(writer, frames);
    if (!this.#isFinished && this.link.isGoodbyeQueued) this.#addGoodbye(writer, frames);
    else if (!this.#isFinished) this.#addNew(writer, frames, nowMs);
    if (writer.length === start + NUMBER_BYTES) writer.length = start;
    else this.#sent(frames, writer.length + DATAGRAM_OVERHEAD, nowMs);
  }

  #sent(frames: readonly SentFrame[], byteCount: number, nowMs: number): void {
    this.path.sent(frames, byteCount, nowMs);
    this.#size.sent(byteCount);
  }

  /** What was lost, and what the keys need. */
  #addUrgent(writer: ByteWriter, frames: SentFrame[]): void {
    for (let frame = this.path.lost.take(); frame !== undefined; frame = this.path.lost.take())
      if (!this.#add(writer, frame, frames)) return;
    const bytes = this.takeRekey();
    if (bytes !== undefined) this.#add(writer, frameOf({ type: 'rekey', bytes }), frames);
  }

  #addNew(writer: ByteWriter, frames: SentFrame[], nowMs: number): void {
    const wholeBytesMax = this.#size.bytesAt(nowMs) - WHOLE_OVERHEAD;
    while (roomOf(writer) >= PIECE_ROOM_MIN) {
      const next = this.#feed.next(wholeBytesMax);
      if (next === undefined) return;
      const at = writer.length + (next.sequence === UNRELIABLE ? UNRELIABLE_HEAD_BYTES : PIECE_HEAD_BYTES);
      const run = this.#feed.take(next, writer.slab, at, writer.slab.length);
      if (run === undefined) return;
      const { sequence, position, byteCount, messageCount } = run;
      if (sequence === UNRELIABLE) writeUnreliableHead(writer, byteCount);
      else writePieceHead(writer, sequence, position, byteCount);
      writer.reserve(byteCount);
      if (sequence === UNRELIABLE) continue;
      const bytes = writer.slab.subarray(at, at + byteCount);
      frames.push(frameOf({ type: 'piece', sequence, position, bytes }, messageCount));
    }
  }

  /** The goodbye takes effect where all sequences end. */
  #addGoodbye(writer: ByteWriter, frames: SentFrame[]): void {
    if (this.#hasGoodbye) return;
    const { ends } = this.#feed;
    const bytes = this.#feed.takeLast();
    if (bytes === undefined) return;
    this.#hasGoodbye = true;
    this.#add(writer, this.#finalOf(ends.slice(0, ENDS_MAX), bytes), frames);
  }

  #finalOf(ends: readonly SequenceEnd[], bytes: Uint8Array): SentFrame {
    const final = frameOf({ type: 'final', ends, bytes });
    this.#needsLong = NUMBER_BYTES + itemBytes(final.item) + DATAGRAM_OVERHEAD > DATAGRAM_BYTES_MIN;
    return final;
  }

  /** Writes a frame; one that finds no room is the first of the next packet. A piece that is longer than a packet goes in parts. */
  #add(writer: ByteWriter, frame: SentFrame, frames: SentFrame[]): boolean {
    const { item } = frame;
    const room = roomOf(writer);
    const hasRoom = itemBytes(item) <= room;
    if (hasRoom) {
      writeItem(writer, item);
      frames.push(frame);
    } else if (item.type !== 'piece' || frames.length > 0 || room < PIECE_ROOM_MIN) this.path.lost.putBack([frame]);
    else {
      const [first, rest] = splitPiece(item, room - PIECE_HEAD_BYTES);
      this.path.lost.putBack([{ ...frame, item: { type: 'piece', ...rest } }]);
      this.#add(writer, { ...frame, item: { type: 'piece', ...first }, messageCount: 0 }, frames);
    }
    return hasRoom;
  }
}

function frameOf(item: SentItem, messageCount = 0): SentFrame {
  return { item, messageCount, hasArrived: false };
}

function roomOf({ slab, length }: ByteWriter): number {
  return slab.length - length;
}
