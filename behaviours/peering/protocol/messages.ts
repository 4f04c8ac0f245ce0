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
import { byFirst, type Infer, mapped, messageReader, text, tuple, whole } from '../../../core/schema/index.js';
import { readU32, writeU32 } from '../../../core/structures/bytes.js';
import { PEER_TYPES, type PeerType } from './peer-line.js';

export const MESSAGE_LIMITS = {
  /** Of everything but frames. */
  controlBytesMax: 256,
  reasonLengthMax: 64,
} as const;

/** The header before a frame's bytes. */
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

export interface Progress {
  readonly type: 'progress';
  readonly received: number;
  readonly room: number;
}

export type PeeringMessage =
  | { readonly type: 'frame'; readonly number: number; readonly bytes: Uint8Array }
  | Hello
  | Ack
  | { readonly type: 'refuse'; readonly attempt: number; readonly reason: string }
  | Progress
  | { readonly type: 'bye' };

/** Everything but frames. */
export type ControlMessage = Exclude<PeeringMessage, { readonly type: 'frame' }>;

const COUNT = whole();
const REASON = text(MESSAGE_LIMITS.reasonLengthMax, { pattern: /^[\x20-\x7e]*$/ });
const introductionOf = (kind: number) =>
  tuple(whole(kind, kind), whole(0, PEER_TYPES.length - 1), whole(0, 65_535), COUNT, whole(1), COUNT, COUNT, COUNT, whole(1));

const readControl = messageReader(
  byFirst({
    [HELLO]: mapped(introductionOf(HELLO), (fields): ControlMessage => ({ type: 'hello', ...introduction(fields) })),
    [ACK]: mapped(introductionOf(ACK), (fields): ControlMessage => ({ type: 'ack', ...introduction(fields) })),
    [REFUSE]: mapped(tuple(COUNT, COUNT, REASON), ([, attempt, reason]): ControlMessage => ({ type: 'refuse', attempt, reason })),
    [PROGRESS]: mapped(tuple(COUNT, COUNT, COUNT), ([, received, room]): ControlMessage => ({ type: 'progress', received, room })),
    [BYE]: mapped(tuple(COUNT), (): ControlMessage => ({ type: 'bye' })),
  }),
);

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
export function toWire(message: ControlMessage): readonly unknown[] {
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
  return payload.length <= MESSAGE_LIMITS.controlBytesMax ? readControl(message.value()) : undefined;
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

function introduction(fields: Infer<ReturnType<typeof introductionOf>>): Introduction {
  const [, typeIndex, port, attempt, epoch, remoteEpoch, received, room, frameBytesMax] = fields;
  return { peerType: PEER_TYPES[typeIndex] as PeerType, port, attempt, epoch, remoteEpoch, received, room, frameBytesMax };
}
