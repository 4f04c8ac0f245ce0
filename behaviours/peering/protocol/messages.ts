/**
 * @module The messages of the peering behaviour, service 15. A frame is bytes; everything else is a CBOR array, whose first byte is never
 * 0, so that no frame can pass for anything else.
 *
 *   frame     u8 0 | u32 number, big-endian | the frame
 *   hello     [1, type, port, attempt, epoch, remoteEpoch, received, room, frameBytesMax]    a request to be the receiver's peer
 *   ack       [2, … the same]                                                              the answer to the hello with that attempt
 *   refuse    [3, attempt, reason]                                                         the other answer
 *   progress  [4, received, room]
 *   bye       [5]                                                                          the sender is the receiver's peer no longer
 *
 * `epoch` names the sender's memory of frames, `remoteEpoch` the receiver's as far as the sender knows it (0: not at all); `received` is how
 * many frames of that epoch have arrived, and `room` how many more may be sent. What has another form is malformed.
 */
import type { Message, ResumePoint } from '../../../core/index.js';
import { readU32, writeU32 } from '../../../core/structures/bytes.js';
import { PEER_TYPES, type PeerType } from './peer-line.js';

export const MESSAGE_LIMITS = {
  /** Of everything but frames. */
  controlBytesMax: 256,
  reasonLengthMax: 64,
} as const;

/** What stands before a frame's bytes. */
export const FRAME_HEAD_BYTES = 5;

const FRAME = 0;
const HELLO = 1;
const ACK = 2;
const REFUSE = 3;
const PROGRESS = 4;
const BYE = 5;

/** What both sides send when a link begins. */
export interface Introduction extends ResumePoint {
  readonly peerType: PeerType;
  /** Where the sender listens; 0 for nowhere. */
  readonly port: number;
  readonly attempt: number;
  readonly frameBytesMax: number;
}

export interface Hello extends Introduction {
  readonly type: 'hello';
}

export interface Ack extends Introduction {
  readonly type: 'ack';
}

export interface Refusal {
  readonly type: 'refuse';
  readonly attempt: number;
  readonly reason: string;
}

export interface Progress {
  readonly type: 'progress';
  readonly received: number;
  readonly room: number;
}

export type PeeringMessage =
  | { readonly type: 'frame'; readonly number: number; readonly bytes: Uint8Array }
  | Hello
  | Ack
  | Refusal
  | Progress
  | { readonly type: 'bye' };

/** The message that carries a copy of the frame, without a number yet. */
export function frameToWire(frame: Uint8Array): Uint8Array {
  const wire = new Uint8Array(FRAME_HEAD_BYTES + frame.length);
  wire.set(frame, FRAME_HEAD_BYTES);
  return wire;
}

/** Gives it its number for one link. */
export function numberFrame(wire: Uint8Array, number: number): Uint8Array {
  writeU32(wire, 1, number);
  return wire;
}

/** The position with those lower 32 bits that is nearest to `expected`. */
export function positionOf(number: number, expected: number): number {
  return expected + ((number - expected) | 0);
}

/** The frame in its message. */
export function frameOf(wire: Uint8Array): Uint8Array {
  return wire.subarray(FRAME_HEAD_BYTES);
}

/** For `send`, which encodes it. */
export function toWire(message: Exclude<PeeringMessage, { type: 'frame' }>): readonly unknown[] {
  switch (message.type) {
    case 'hello':
    case 'ack':
      return introductionToWire(message);
    case 'refuse':
      return [REFUSE, message.attempt, message.reason];
    case 'progress':
      return [PROGRESS, message.received, message.room];
    case 'bye':
      return [BYE];
  }
}

/** Copies a frame's bytes. `undefined` for what is malformed or too long. */
export function fromWire(message: Message, frameBytesMax: number): PeeringMessage | undefined {
  const { payload } = message;
  if (payload[0] === FRAME) return payload.length <= FRAME_HEAD_BYTES + frameBytesMax ? frameFromWire(payload) : undefined;
  return payload.length <= MESSAGE_LIMITS.controlBytesMax ? controlFromWire(message.value()) : undefined;
}

function introductionToWire(message: Hello | Ack): readonly unknown[] {
  const { type, peerType, port, attempt, epoch, remoteEpoch, received, room, frameBytesMax } = message;
  const kind = type === 'hello' ? HELLO : ACK;
  return [kind, PEER_TYPES.indexOf(peerType), port, attempt, epoch, remoteEpoch, received, room, frameBytesMax];
}

function frameFromWire(payload: Uint8Array): PeeringMessage | undefined {
  if (payload.length < FRAME_HEAD_BYTES) return undefined;
  return { type: 'frame', number: readU32(payload, 1), bytes: payload.slice(FRAME_HEAD_BYTES) };
}

function controlFromWire(value: unknown): PeeringMessage | undefined {
  if (!Array.isArray(value)) return undefined;
  const [kind, ...fields] = value as unknown[];
  if (kind === BYE) return fields.length === 0 ? { type: 'bye' } : undefined;
  if (kind === REFUSE) return refusal(fields);
  if (!fields.every(isCount)) return undefined;
  if (kind === PROGRESS && fields.length === 2) return { type: 'progress', received: fields[0] as number, room: fields[1] as number };
  return kind === HELLO || kind === ACK ? introduction(kind === HELLO ? 'hello' : 'ack', fields) : undefined;
}

function introduction(type: 'hello' | 'ack', fields: readonly number[]): Hello | Ack | undefined {
  const [typeIndex, port, attempt, epoch, remoteEpoch, received, room, frameBytesMax] = fields as [number, ...number[]];
  const peerType = PEER_TYPES[typeIndex];
  if (fields.length !== 8 || peerType === undefined || (port as number) > 65_535 || epoch === 0 || frameBytesMax === 0) return undefined;
  return { type, peerType, port, attempt, epoch, remoteEpoch, received, room, frameBytesMax } as Hello | Ack;
}

function refusal([attempt, reason, ...rest]: readonly unknown[]): Refusal | undefined {
  const isText = typeof reason === 'string' && reason.length <= MESSAGE_LIMITS.reasonLengthMax && /^[\x20-\x7e]*$/.test(reason);
  return isCount(attempt) && isText && rest.length === 0 ? { type: 'refuse', attempt, reason } : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
