/**
 * @module Messages of the circuit service, each from one neighbour to the next. Big-endian. A message begins with its kind u8, + 128 from the
 * side that opened this leg of the circuit, and the leg's number u32, which that side has chosen:
 *
 *   1 open      token 8 bytes, relays u8, target 32 bytes, source 32 bytes: up to so many relays may pass it on
 *   2 accepted  bytes per second u32, relays u8: the slowest relay's rate for one neighbour, 0 without a relay; relays on the path
 *   3 refused   reason u8, current u32, maximum u32, node 32 bytes: who refuses
 *   4 closed    reason u8
 *   5 data      bytes, encrypted from end to end
 *
 * A relay reads target, source and sizes. The source is a claim until the secure handshake over the circuit has proven it.
 */
import { ByteReader, type ByteWriter, type NodeId, nodeIdFromBytes, nodeIdToBytes } from '../../core/index.js';

export const OPEN = 1;
export const ACCEPTED = 2;
export const REFUSED = 3;
export const CLOSED = 4;
export const DATA = 5;
const OF_OPENER = 128;
const NODE_ID_BYTES = 32;
export const TOKEN_BYTES = 8;
/** Kind and number. */
export const HEAD_BYTES = 5;

/** Why a circuit was refused. */
export const REFUSALS = [
  'not-relaying',
  'not-allowed',
  'relay-full',
  'peer-full',
  'loop',
  'no-path',
  'timeout',
  'not-accepting',
  'busy',
] as const;
export type RefusalReason = (typeof REFUSALS)[number];

/** Why a circuit was closed. */
const CLOSURES = ['ended', 'failed', 'expired', 'connection-lost', 'stopping'] as const;
export type ClosureReason = (typeof CLOSURES)[number];

/** Whom a message is about: a leg, and which side of it sends. */
export interface LegName {
  readonly number: number;
  readonly isOpener: boolean;
}

export interface Open {
  /** Names the attempt: a relay that sees it again is in a loop. */
  readonly token: Uint8Array;
  readonly relays: number;
  readonly target: NodeId;
  readonly source: NodeId;
}

export interface Accepted {
  /** What the slowest relay takes from one neighbour; 0: there is no relay. */
  readonly bytesPerSecond: number;
  readonly relays: number;
}

export interface Refusal {
  readonly reason: RefusalReason;
  /** Of `relay-full`, `peer-full` and `busy`: how many there are, and how many there may be. */
  readonly current: number;
  readonly maximum: number;
  readonly by: NodeId;
}

/** A received message, and the name of its leg as the receiving side knows it; which fields mean something depends on the kind. One object is reused. */
export class CircuitMessage implements LegName {
  kind = 0;
  number = 0;
  /** This side has opened the leg: the message comes from the other one. */
  isOpener = false;
  open: Open | undefined;
  accepted: Accepted | undefined;
  refusal: Refusal | undefined;
  closure: ClosureReason = 'ended';
  /** A view. */
  data: Uint8Array = new Uint8Array(0);
  readonly #reader = new ByteReader(this.data);

  /** False when `bytes[start..end)` is no such message. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    const reader = this.#reader.reset(bytes, start, end);
    const first = reader.u8();
    this.isOpener = first < OF_OPENER;
    this.kind = this.isOpener ? first : first - OF_OPENER;
    this.number = reader.u32();
    this.#readBody(reader);
    return reader.isComplete;
  }

  #readBody(reader: ByteReader): void {
    switch (this.kind) {
      case OPEN:
        if (this.isOpener) return reader.fail();
        this.open = { token: reader.copy(TOKEN_BYTES), relays: reader.u8(), target: nodeOf(reader), source: nodeOf(reader) };
        return;
      case ACCEPTED:
        this.accepted = { bytesPerSecond: reader.u32(), relays: reader.u8() };
        return;
      case REFUSED:
        this.refusal = { reason: named(REFUSALS, reader), current: reader.u32(), maximum: reader.u32(), by: nodeOf(reader) };
        return;
      case CLOSED:
        this.closure = named(CLOSURES, reader);
        return;
      case DATA:
        if (reader.left === 0) reader.fail();
        this.data = reader.rest();
        return;
      default:
        reader.fail();
    }
  }
}

export function writeOpen(writer: ByteWriter, leg: LegName, { token, relays, target, source }: Open): Uint8Array {
  head(writer, OPEN, leg).bytes(token).u8(relays).bytes(nodeIdToBytes(target)).bytes(nodeIdToBytes(source));
  return writer.written;
}

export function writeAccepted(writer: ByteWriter, leg: LegName, { bytesPerSecond, relays }: Accepted): Uint8Array {
  return head(writer, ACCEPTED, leg).u32(bytesPerSecond).u8(relays).written;
}

export function writeRefused(writer: ByteWriter, leg: LegName, { reason, current, maximum, by }: Refusal): Uint8Array {
  return head(writer, REFUSED, leg).u8(REFUSALS.indexOf(reason)).u32(current).u32(maximum).bytes(nodeIdToBytes(by)).written;
}

export function writeClosed(writer: ByteWriter, leg: LegName, reason: ClosureReason): Uint8Array {
  return head(writer, CLOSED, leg).u8(CLOSURES.indexOf(reason)).written;
}

/** What stands before the bytes of `data`, for every datagram of the leg. */
export function dataHead(writer: ByteWriter, leg: LegName): Uint8Array {
  head(writer, DATA, leg);
  return writer.copy();
}

function head(writer: ByteWriter, kind: number, { number, isOpener }: LegName): ByteWriter {
  return writer
    .clear()
    .u8(isOpener ? kind + OF_OPENER : kind)
    .u32(number);
}

function nodeOf(reader: ByteReader): NodeId {
  const bytes = reader.view(NODE_ID_BYTES);
  return nodeIdFromBytes(bytes.length === NODE_ID_BYTES ? bytes : new Uint8Array(NODE_ID_BYTES));
}

/** An unknown number reads as the first name. */
function named<Name extends string>(names: readonly Name[], reader: ByteReader): Name {
  return names[reader.u8()] ?? (names[0] as Name);
}
