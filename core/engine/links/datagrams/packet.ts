/**
 * @module Packet: what a datagram of data holds, once it is opened: items, one after another, each with its kind in the first byte, big-endian.
 *
 * | kind | then |
 * |---|---|
 * | 0 padding | everything up to the end is of no meaning |
 * | 1 acknowledgement | u16 ms, u8 count, so many ranges of u48 last and u32 before it (`kits/flow/repaired/messages.ts`) |
 * | 2 number | u48: the packet is to be acknowledged under this number |
 * | 3 piece | u8 sequence, u48 position, u16 length, so many bytes of that sequence's frames from that position on |
 * | 4 final | u8 count, so many of u8 sequence and u48 its end; u16 length, and the final frame, which is read when all of these ends are |
 * | 7 rekey | u16 length, and a message of a new handshake (`security/datagrams/rekeying.ts`) |
 * | 5 challenge, 6 response | 8 bytes: whoever gets a challenge answers it from where it came, with the same bytes |
 * | 8 unreliable | u16 length, so many bytes of whole frames, which belong to no sequence and are not sent again |
 *
 * A packet without a number is not acknowledged, and not sent again. What has pieces, a final, a rekey or unreliable frames has a number.
 */
import { type Acknowledgement, readAcknowledgementItem, writeAcknowledgement } from '../../../kits/flow/repaired/index.js';
import { ByteReader } from '../../../structures/byte-reader.js';
import type { ByteWriter } from '../../../structures/byte-writer.js';

const PADDING = 0;
const ACKNOWLEDGEMENT = 1;
const NUMBER = 2;
const PIECE = 3;
const FINAL = 4;
const CHALLENGE = 5;
const RESPONSE = 6;
const REKEY = 7;
const UNRELIABLE = 8;

/** What a number and a piece take besides the piece's bytes. */
export const NUMBER_BYTES = 7;
export const PIECE_HEAD_BYTES = 10;
export const UNRELIABLE_HEAD_BYTES = 3;
export const CHALLENGE_BYTES = 8;

/** Bytes of one sequence. */
export interface PieceItem {
  readonly sequence: number;
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** Where a sequence ends. */
export interface SequenceEnd {
  readonly sequence: number;
  readonly position: number;
}

/** The final frame of a channel, a goodbye or a hand-over, and where all sequences end before it. */
export interface FinalItem {
  readonly ends: readonly SequenceEnd[];
  readonly bytes: Uint8Array;
}

/** What was read; bytes are views. */
export interface Packet {
  acknowledgement: Acknowledgement | undefined;
  number: number | undefined;
  readonly pieces: PieceItem[];
  readonly unreliable: Uint8Array[];
  final: FinalItem | undefined;
  rekey: Uint8Array | undefined;
  challenge: Uint8Array | undefined;
  response: Uint8Array | undefined;
}

/** `undefined` for what is none. */
export function readPacket(plaintext: Uint8Array): Packet | undefined {
  const reader = new ByteReader(plaintext);
  const packet: Packet = {
    acknowledgement: undefined,
    number: undefined,
    pieces: [],
    unreliable: [],
    final: undefined,
    rekey: undefined,
    challenge: undefined,
    response: undefined,
  };
  while (reader.left > 0) readItem(reader, packet);
  const { number, pieces, unreliable, final, rekey } = packet;
  const isNumbered = number !== undefined || (pieces.length === 0 && unreliable.length === 0 && final === undefined && rekey === undefined);
  return reader.hasFailed || !isNumbered ? undefined : packet;
}

function readItem(reader: ByteReader, packet: Packet): void {
  const kind = reader.u8();
  if (kind === PIECE) packet.pieces.push(readPiece(reader));
  else if (kind === NUMBER) packet.number = reader.u48();
  else if (kind === ACKNOWLEDGEMENT) packet.acknowledgement = readAcknowledgementItem(reader);
  else if (kind === UNRELIABLE) packet.unreliable.push(reader.view(reader.u16()));
  else if (kind === FINAL) packet.final = readFinal(reader);
  else if (kind === REKEY) packet.rekey = reader.view(reader.u16());
  else if (kind === CHALLENGE) packet.challenge = reader.view(CHALLENGE_BYTES);
  else if (kind === RESPONSE) packet.response = reader.view(CHALLENGE_BYTES);
  else if (kind === PADDING) reader.rest();
  else reader.fail();
}

function readPiece(reader: ByteReader): PieceItem {
  const sequence = reader.u8();
  const position = reader.u48();
  return { sequence, position, bytes: reader.view(reader.u16()) };
}

function readFinal(reader: ByteReader): FinalItem {
  const ends: SequenceEnd[] = [];
  for (let left = reader.u8(); left > 0 && !reader.hasFailed; left--) ends.push({ sequence: reader.u8(), position: reader.u48() });
  return { ends, bytes: reader.view(reader.u16()) };
}

export function writeAcknowledgementItem(writer: ByteWriter, acknowledgement: Acknowledgement): void {
  writeAcknowledgement(writer.u8(ACKNOWLEDGEMENT), acknowledgement);
}

export function writeNumber(writer: ByteWriter, number: number): void {
  writer.u8(NUMBER).u48(number);
}

/** What is sent until it has arrived. */
export type SentItem =
  | ({ readonly type: 'piece' } & PieceItem)
  | ({ readonly type: 'final' } & FinalItem)
  | { readonly type: 'rekey'; readonly bytes: Uint8Array };

/** How long an item is. */
export function itemBytes(item: SentItem): number {
  const head = item.type === 'piece' ? PIECE_HEAD_BYTES : item.type === 'rekey' ? 3 : 4 + 7 * item.ends.length;
  return head + item.bytes.length;
}

/** A piece's first bytes, and the others. */
export function splitPiece({ sequence, position, bytes }: PieceItem, byteCount: number): [PieceItem, PieceItem] {
  return [
    { sequence, position, bytes: bytes.subarray(0, byteCount) },
    { sequence, position: position + byteCount, bytes: bytes.subarray(byteCount) },
  ];
}

export function writeItem(writer: ByteWriter, item: SentItem): void {
  if (item.type === 'piece') writePieceHead(writer, item.sequence, item.position, item.bytes.length);
  else if (item.type === 'rekey') writer.u8(REKEY).u16(item.bytes.length);
  else writeFinalHead(writer, item);
  writer.bytes(item.bytes);
}

/** The caller writes the bytes. */
export function writePieceHead(writer: ByteWriter, sequence: number, position: number, byteCount: number): void {
  writer.u8(PIECE).u8(sequence).u48(position).u16(byteCount);
}

/** The caller writes the bytes. */
export function writeUnreliableHead(writer: ByteWriter, byteCount: number): void {
  writer.u8(UNRELIABLE).u16(byteCount);
}

function writeFinalHead(writer: ByteWriter, { ends, bytes }: FinalItem): void {
  writer.u8(FINAL).u8(ends.length);
  for (const { sequence, position } of ends) writer.u8(sequence).u48(position);
  writer.u16(bytes.length);
}

export function writeChallenge(writer: ByteWriter, bytes: Uint8Array): void {
  writer.u8(CHALLENGE).bytes(bytes);
}

export function writeResponse(writer: ByteWriter, bytes: Uint8Array): void {
  writer.u8(RESPONSE).bytes(bytes);
}
