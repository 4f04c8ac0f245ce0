/**
 * @module RepairedStream: one side of a byte stream over a circuit, whose relays drop what goes beyond their rates. Bytes go in packets, which the
 * repaired layer of the flow kit acknowledges and sends again; the other side puts them into order. Two kinds of datagrams, big-endian:
 *
 *   1 packet   number u48, position u48, bytes: what begins there in the stream
 *   2 receipt  the acknowledgement, in the form of the kit
 *
 * Pure. Bounded: what is in transit by the congestion window and by `SPAN_BYTES_MAX`, what has come early by `WINDOW_BYTES`; what comes beyond is
 * not acknowledged, and so comes again.
 */
import {
  ByteReader,
  type ByteWriter,
  InboundFlow,
  Receipts,
  type RepairCounters,
  type RepairedFrame,
  RepairedPath,
  readAcknowledgement,
  writeAcknowledgement,
} from '../../core/index.js';

const PACKET = 1;
const RECEIPT = 2;
const PACKET_HEAD_BYTES = 13;
/** Of a packet, with its head. */
const PACKET_BYTES_MAX = 8_192;
/** Head of the circuit's message, and its share of a record, as relays count it. */
const MESSAGE_BYTES = 16;
/** Unacknowledged bytes may span so many; the other side takes this and more. */
const SPAN_BYTES_MAX = 524_288;
const WINDOW_BYTES = 2 * SPAN_BYTES_MAX;

/** A packet's bytes, and where they begin. */
interface Piece extends RepairedFrame {
  readonly position: number;
  readonly bytes: Uint8Array;
}

export class RepairedStream {
  private readonly path: RepairedPath<Piece>;
  private readonly receipts = new Receipts();
  private readonly inbound = new InboundFlow<Uint8Array>({ window: WINDOW_BYTES, unitsOf: (bytes) => bytes.length });
  private readonly reader = new ByteReader(new Uint8Array(0));
  /** Not sent yet, and how much of the first one was. */
  private readonly waiting: Uint8Array[] = [];
  private taken = 0;
  /** Where the next new piece begins, and the first that is not confirmed. */
  private position = 0;
  private confirmed = 0;
  /** Sent and not confirmed, in order. */
  private readonly unconfirmed: Piece[] = [];

  constructor(counters: RepairCounters) {
    this.path = new RepairedPath(counters);
  }

  write(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) if (chunk.length > 0) this.waiting.push(chunk);
  }

  /** Everything that was written has arrived. */
  get isQuiet(): boolean {
    return this.waiting.length === 0 && this.unconfirmed.length === 0;
  }

  /** When `expire` is to be called, or something may be sent. */
  get nextDueMs(): number {
    const sendMs = this.hasMore ? this.path.roomAtMs : Number.POSITIVE_INFINITY;
    return Math.min(this.path.nextAtMs, this.receipts.dueMs, sendMs);
  }

  expire(nowMs: number): void {
    this.path.expire(nowMs);
  }

  /** Sends what may be sent now; `send`: whether the datagram could be handed on. */
  pump(writer: ByteWriter, nowMs: number, send: (datagram: Uint8Array) => boolean): void {
    while (this.hasMore && this.path.room(nowMs) > 0) {
      const piece = this.nextPiece();
      if (piece === undefined) return;
      writer.clear().u8(PACKET).u48(this.path.nextNumber).u48(piece.position).bytes(piece.bytes);
      if (send(writer.written)) this.path.sent([piece], writer.length + MESSAGE_BYTES, nowMs);
      else {
        this.path.putBack([piece]);
        return this.path.pause(nowMs);
      }
    }
  }

  /** The receipt that is due; `undefined` when none is. */
  receipt(writer: ByteWriter, nowMs: number): Uint8Array | undefined {
    if (this.receipts.dueMs > nowMs) return undefined;
    writer.clear().u8(RECEIPT);
    writeAcknowledgement(writer, this.receipts.take(nowMs));
    return writer.written;
  }

  /** A datagram has come. False for one that cannot be: the other side is not to be believed any more. */
  receive(datagram: Uint8Array, nowMs: number): boolean {
    const reader = this.reader.reset(datagram);
    const kind = reader.u8();
    if (kind === PACKET) return this.receivePacket(reader, nowMs);
    const receipt = kind === RECEIPT ? readAcknowledgement(reader) : undefined;
    return receipt !== undefined && this.path.acknowledged(receipt, nowMs);
  }

  /** How many bytes are confirmed since this was asked last. */
  takeConfirmed(): number {
    const before = this.confirmed;
    while (this.unconfirmed[0]?.hasArrived === true) this.confirmed += (this.unconfirmed.shift() as Piece).bytes.length;
    return this.confirmed - before;
  }

  /** The next bytes in order. */
  read(): Uint8Array | undefined {
    const result = this.inbound.read();
    if (result?.type !== 'item') return undefined;
    this.inbound.consumed(result.item.length);
    this.inbound.announced();
    return result.item;
  }

  private get hasMore(): boolean {
    if (this.path.lostCount > 0) return true;
    return this.waiting.length > 0 && this.position - this.confirmed < SPAN_BYTES_MAX;
  }

  private receivePacket(reader: ByteReader, nowMs: number): boolean {
    const number = reader.u48();
    const position = reader.u48();
    if (reader.hasFailed || reader.left === 0) return false;
    // What finds no room is not acknowledged.
    if (this.inbound.receive(reader.copy(reader.left), position) !== 'violation') this.receipts.receive(number, nowMs);
    return true;
  }

  /** What was lost goes before anything new. */
  private nextPiece(): Piece | undefined {
    const lost = this.path.takeLost();
    if (lost !== undefined || this.waiting.length === 0) return lost;
    const bytes = this.take(this.path.packetBytes(PACKET_BYTES_MAX) - PACKET_HEAD_BYTES);
    const piece = { position: this.position, bytes, hasArrived: false };
    this.position += bytes.length;
    this.unconfirmed.push(piece);
    return piece;
  }

  /** Up to so many bytes of one chunk. The chunks are this stream's own. */
  private take(bytesMax: number): Uint8Array {
    const chunk = this.waiting[0] as Uint8Array;
    const bytes = chunk.subarray(this.taken, this.taken + bytesMax);
    this.taken += bytes.length;
    if (this.taken < chunk.length) return bytes;
    this.waiting.shift();
    this.taken = 0;
    return bytes;
  }
}
