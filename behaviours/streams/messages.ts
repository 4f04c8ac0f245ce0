/**
 * @module Messages of the streams service. A neighbour is sent frames, each as a message of its own, and data as messages without a frame, whose
 * stream id is twice the number of the stream, + 2, + 1 from the side that opened it. A node behind relays is sent packets of
 * frames, which its acknowledgements repair (`core/kits/flow/repaired`). Big-endian; positions are in bytes since the stream began.
 *
 * Messages between nodes that are no neighbours begin with kind u8 and session u48, a random number:
 *
 *   1 first packet  number u48, frames: nothing of the remote has come in this session, which it may have to begin
 *   2 packet        number u48, frames, each behind its length as a varint
 *   3 receipt       the acknowledgement, in the form of the kit
 *   4 unknown       reason u8: 0 there is no such session, 1 there are too many
 *
 * A loss signal quotes the first 16 bytes: kind, session and number. Frames begin with their kind u8, + 128 from the side that opened the
 * stream, and the stream's number u32, which the opener has drawn from a counter:
 *
 *   16 open     service u8, credit u48, timeout u32 (ms), silence u32 (ms), name in UTF-8
 *   17 accept   credit u48: the opener may send
 *   18 data     position u48, bytes
 *   19 end      position u48: nothing is sent beyond it
 *   20 reset    code u8, text in UTF-8: neither side sends any more
 *   21 credit   u48: bytes up to this total may be sent
 *   22 ping     nothing, of stream 0: is the remote still there?
 */
import { ByteReader, type ByteWriter, type ErrorCode } from '../../core/index.js';

export const FIRST_PACKET = 1;
export const PACKET = 2;
export const RECEIPT = 3;
export const UNKNOWN = 4;

export const OPEN = 16;
export const ACCEPT = 17;
export const DATA = 18;
export const END = 19;
export const RESET = 20;
export const CREDIT = 21;
export const PING = 22;

/** A frame of the side that opened the stream. */
const OF_OPENER = 128;

/** Kind and session. */
export const SESSION_HEAD_BYTES = 7;
/** Kind, session and number of a packet. */
export const PACKET_HEAD_BYTES = 13;
/** Kind, stream and position. */
export const DATA_HEAD_BYTES = 11;
export const TEXT_LENGTH_MAX = 256;
const TEXT_BYTES_MAX = 3 * TEXT_LENGTH_MAX;
const SURROGATE = /\p{Surrogate}/gu;
const BYTE_ORDER_MARKS = /^\uFEFF+/;

/** Why a stream was reset, by the number on the wire. */
const RESET_CODES = ['STREAM_RESET', 'STREAM_FAILED', 'STREAM_REFUSED', 'STREAM_OVERLOADED', 'STREAM_TIMEOUT', 'PROTOCOL_ERROR'] as const;
export type ResetCode = (typeof RESET_CODES)[number] & ErrorCode;

/** A received frame; which fields mean something depends on the kind. One object is reused. */
export class Frame {
  kind = 0;
  isOfOpener = false;
  streamId = 0;
  /** Position, credit or total. */
  position = 0;
  serviceId = 0;
  timeoutMs = 0;
  silenceMs = 0;
  code: ResetCode = 'STREAM_RESET';
  /** Name or text. */
  text = '';
  /** A view. */
  bytes: Uint8Array = new Uint8Array(0);
  readonly #reader = new ByteReader(this.bytes);

  /** False when `bytes[start..end)` is no frame. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    const reader = this.#reader.reset(bytes, start, end);
    const first = reader.u8();
    this.isOfOpener = first >= OF_OPENER;
    this.kind = this.isOfOpener ? first - OF_OPENER : first;
    this.streamId = reader.u32();
    this.#readBody(reader);
    return reader.isComplete;
  }

  #readBody(reader: ByteReader): void {
    switch (this.kind) {
      case OPEN:
        this.serviceId = reader.u8();
        this.position = reader.u48();
        this.timeoutMs = reader.u32();
        this.silenceMs = reader.u32();
        this.text = reader.left <= TEXT_BYTES_MAX ? reader.utf8(reader.left) : this.#fail(reader);
        return;
      case DATA:
        this.position = reader.u48();
        if (reader.left === 0) reader.fail();
        this.bytes = reader.rest();
        return;
      case ACCEPT:
      case END:
      case CREDIT:
        this.position = reader.u48();
        return;
      case RESET:
        this.code = RESET_CODES[reader.u8()] ?? 'STREAM_RESET';
        this.text = reader.left <= TEXT_BYTES_MAX ? reader.utf8(reader.left) : this.#fail(reader);
        return;
      case PING:
        return;
      default:
        reader.fail();
    }
  }

  #fail(reader: ByteReader): string {
    reader.fail();
    return '';
  }
}

/** What can be sent of a text: no half characters, no marks at its start, and not too much. */
export function plainText(text: string): string {
  return text.replace(BYTE_ORDER_MARKS, '').slice(0, TEXT_LENGTH_MAX).replace(SURROGATE, '\ufffd');
}

/** Whom a frame is about: the stream, and which side sends it. */
export interface FrameOwner {
  readonly id: number;
  readonly isOpener: boolean;
}

export interface OpenFields {
  readonly serviceId: number;
  readonly credit: number;
  readonly timeoutMs: number;
  readonly silenceMs: number;
  readonly name: string;
}

export function writeOpen(writer: ByteWriter, owner: FrameOwner, fields: OpenFields): void {
  head(writer, OPEN, owner).u8(fields.serviceId).u48(fields.credit).u32(fields.timeoutMs).u32(fields.silenceMs).utf8(fields.name);
}

/** Of the kinds that have a number only. */
export function writeNumber(writer: ByteWriter, kind: typeof ACCEPT | typeof END | typeof CREDIT, owner: FrameOwner, value: number): void {
  head(writer, kind, owner).u48(value);
}

export function writeData(writer: ByteWriter, owner: FrameOwner, position: number, bytes: Uint8Array): void {
  head(writer, DATA, owner).u48(position).bytes(bytes);
}

export function writeReset(writer: ByteWriter, owner: FrameOwner, code: ResetCode, text: string): void {
  head(writer, RESET, owner).u8(RESET_CODES.indexOf(code)).utf8(text);
}

export function writePing(writer: ByteWriter): void {
  head(writer, PING, { id: 0, isOpener: false });
}

/** The stream id of messages with data; that of frames is 0. */
export function streamIdOf({ id, isOpener }: FrameOwner): number {
  return 2 * (id + 1) + (isOpener ? 1 : 0);
}

/** Whose data a message with that stream id has. */
export function ofStreamId(streamId: number): FrameOwner {
  return { id: Math.floor(streamId / 2) - 1, isOpener: streamId % 2 === 1 };
}

/** Whether the frame must not wait behind data that goes in the same direction. */
export function isCredit(frame: Uint8Array): boolean {
  return (frame[0] as number) % OF_OPENER === CREDIT;
}

function head(writer: ByteWriter, kind: number, { id, isOpener }: FrameOwner): ByteWriter {
  return writer.u8(isOpener ? kind + OF_OPENER : kind).u32(id);
}
