/**
 * @module Link control: the messages of service 0 as bytes and back. Fixed layouts, big-endian, the kind in the first byte; nothing may
 * follow a layout's end. Encoding and decoding only: the link acts on what is decoded, ignores and counts `unknown`, and closes on `malformed`.
 *
 * | kind | then |
 * |---|---|
 * | 1 ping, 2 pong | the value, u64 (below 2^53); a pong repeats its ping's |
 * | 3 ready | service list |
 * | 4 close | u16 code; text in UTF-8, at most 256 bytes, to the end of the message |
 * | 5 services | the complete new service list |
 * | 6 lost | cause u8 (1 unreachable, 2 hop-limit, 3 lane-full); of the message that ended from-service u8, to-service u8, stream id u32, and the
 *   first 16 bytes of its payload, or all of a shorter one |
 * | 7 pace | u32 in ms: the sender keeps the link alive with a message every so often, and may be silent three times as long, once the remote has sent one, too;
 *   of both the longer one holds; 0: as ever |
 * | 8 handover | the first 16 bytes of the new channel's handshake hash: nothing follows on this channel |
 * | 9 resume | of the lost channel's sequences: u16 count, so many of u8 sequence, ascending, u48 next position expected, u48 end of the sender's own |
 * | 10 rest | a piece of the lost channel: u8 sequence, u48 position, at least one byte |
 *
 * A service list is a u16 count, then one byte for each service, ascending.
 */
import { NetworkError } from '../errors.js';
import { ByteReader } from '../structures/byte-reader.js';
import { ByteWriter } from '../structures/byte-writer.js';

const PING = 1;
const PONG = 2;
const READY = 3;
const CLOSE = 4;
const SERVICES = 5;
const LOST = 6;
const PACE = 7;
const HANDOVER = 8;
const RESUME = 9;
const REST = 10;
/** Of a channel's handshake hash, so much names it. */
export const CHANNEL_NAME_BYTES = 16;

/** So much of a lost message's payload comes back to its origin. */
export const LOST_PAYLOAD_BYTES_MAX = 16;
/** The first room of a message: most fit, and a longer one grows. */
const ROOM_BYTES = 32;

/** Why a relay could not forward a message; its number on the wire is its place, from 1. */
export type LossCause = 'unreachable' | 'hop-limit' | 'lane-full';
const LOSS_CAUSES: readonly LossCause[] = ['unreachable', 'hop-limit', 'lane-full'];

/** The longest text of a close; more is cut when it is encoded, and malformed when it is received. */
export const CLOSE_TEXT_BYTES_MAX = 256;

/** One decoded message of service 0. */
export type ControlMessage =
  /** To be answered by a pong of the same value. */
  | { readonly type: 'ping'; readonly value: number }
  | { readonly type: 'pong'; readonly value: number }
  /** The remote's side is open. */
  | { readonly type: 'ready'; readonly services: readonly number[] }
  /** The remote ends the link. `code` as of `closeCodeOf`; `text` is one line without control characters, at most 256 bytes. */
  | { readonly type: 'close'; readonly code: number; readonly text: string }
  /** What the remote offers from now on. */
  | { readonly type: 'services'; readonly services: readonly number[] }
  /** How seldom the remote would keep the link alive; 0: as ever. */
  | { readonly type: 'pace'; readonly ms: number }
  /** The remote sends nothing more on this channel; everything else comes over the one that is named. */
  | { readonly type: 'handover'; readonly channel: Uint8Array }
  /** The channel before this one is lost: what of it has arrived at the remote, and where its own sequences end. */
  | { readonly type: 'resume'; readonly sequences: readonly SequenceState[] }
  /** What had not arrived over the channel before this one. */
  | ({ readonly type: 'rest' } & SequencePiece)
  /** A relay could not forward a message of this node's. The only kind that is routed, and never answered. */
  | LostMessage;

/** A sequence of frames, both ways. */
export interface SequenceState {
  readonly sequence: number;
  /** Everything before it has come. */
  readonly next: number;
  /** Everything that was sent is before it. */
  readonly end: number;
}

/** Bytes of one sequence. */
export interface SequencePiece {
  readonly sequence: number;
  readonly position: number;
  readonly bytes: Uint8Array;
}

export interface LostMessage {
  readonly type: 'lost';
  readonly cause: LossCause;
  readonly fromServiceId: number;
  readonly serviceId: number;
  readonly streamId: number;
  /** A copy of the first 16 bytes, or of all of a shorter one. */
  readonly payloadStart: Uint8Array;
}

const TEXT_ENCODER = new TextEncoder();
const TEXT_DECODER = new TextDecoder('utf-8', { ignoreBOM: true });
/** What may not reach a log line or a terminal: control characters, line separators, what reverses text, and decoding's replacement. */
const UNSAFE_TEXT = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffd]/gu;

/** `value`: a whole number from 0 to 2^53 - 1. */
export function encodePing(value: number): Uint8Array {
  return encodeEcho(PING, value);
}

/** `value`: that of the ping. */
export function encodePong(value: number): Uint8Array {
  return encodeEcho(PONG, value);
}

/** `services` in any order. */
export function encodeReady(services: Iterable<number>): Uint8Array {
  return writeServices(begin(READY), services);
}

/** `code`: a number of `CLOSE_CODES`. A text of more than 256 bytes is cut after its last whole character that fits. */
export function encodeClose(code: number, text: string): Uint8Array {
  if (!Number.isInteger(code) || code < 0 || code > 0xffff)
    throw new NetworkError('ARGUMENT_INVALID', `code is ${code}; it must be a whole number from 0 to 65535`);
  const room = new Uint8Array(CLOSE_TEXT_BYTES_MAX);
  const { written } = TEXT_ENCODER.encodeInto(text, room);
  return begin(CLOSE).u16(code).bytes(room.subarray(0, written)).written;
}

/** `services`: the complete list, in any order. */
export function encodeServices(services: Iterable<number>): Uint8Array {
  return writeServices(begin(SERVICES), services);
}

/** `ms`: a whole number from 0 to 2^32 - 1. */
export function encodePace(ms: number): Uint8Array {
  return begin(PACE).u32(ms).written;
}

/** `channel`: 16 bytes. */
export function encodeHandover(channel: Uint8Array): Uint8Array {
  return begin(HANDOVER).bytes(channel).written;
}

/** `sequences` in any order. */
export function encodeResume(sequences: readonly SequenceState[]): Uint8Array {
  const writer = begin(RESUME).u16(sequences.length);
  const sorted = [...sequences].sort((left, right) => left.sequence - right.sequence);
  for (const { sequence, next, end } of sorted) writer.u8(sequence).u48(next).u48(end);
  return writer.written;
}

export function encodeRest({ sequence, position, bytes }: SequencePiece): Uint8Array {
  return begin(REST).u8(sequence).u48(position).bytes(bytes).written;
}

/** Whether a message of service 0 that begins there is a resume. */
export function isResume(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === RESUME;
}

/** Whether it is a close. */
export function isClose(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === CLOSE;
}

/** `payloadStart`: of a longer one the first 16 bytes are taken. */
export function encodeLost({ cause, fromServiceId, serviceId, streamId, payloadStart }: Omit<LostMessage, 'type'>): Uint8Array {
  return begin(LOST)
    .u8(LOSS_CAUSES.indexOf(cause) + 1)
    .u8(fromServiceId)
    .u8(serviceId)
    .u32(streamId)
    .bytes(payloadStart.subarray(0, LOST_PAYLOAD_BYTES_MAX)).written;
}

/** `unknown`: of a later version, to be ignored and counted. `malformed`: the remote broke the protocol. Never throws. */
export function decodeControl(bytes: Uint8Array): ControlMessage | 'unknown' | 'malformed' {
  const reader = new ByteReader(bytes);
  const message = readControl(reader);
  return reader.isComplete || (message === 'unknown' && !reader.hasFailed) ? message : 'malformed';
}

function readControl(reader: ByteReader): ControlMessage | 'unknown' {
  const kind = reader.u8();
  switch (kind) {
    case PING:
      return readEcho('ping', reader);
    case PONG:
      return readEcho('pong', reader);
    case READY:
      return readReady(reader);
    case CLOSE:
      return readClose(reader);
    case SERVICES:
      return { type: 'services', services: readServices(reader) };
    case LOST:
      return readLost(reader);
    case PACE:
      return { type: 'pace', ms: reader.u32() };
    case HANDOVER:
      return { type: 'handover', channel: reader.copy(CHANNEL_NAME_BYTES) };
    case RESUME:
      return readResume(reader);
    case REST:
      return readRest(reader);
    default:
      return 'unknown';
  }
}

function encodeEcho(kind: number, value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new NetworkError('ARGUMENT_INVALID', `value is ${value}; it must be a whole number from 0 to 2^53 - 1`);
  return begin(kind).u64(value).written;
}

function begin(kind: number): ByteWriter {
  return new ByteWriter(new Uint8Array(ROOM_BYTES)).u8(kind);
}

function writeServices(writer: ByteWriter, services: Iterable<number>): Uint8Array {
  const sorted = [...new Set(services)].sort((left, right) => left - right);
  const wrong = sorted.find((serviceId) => !Number.isInteger(serviceId) || serviceId < 0 || serviceId > 0xff);
  if (wrong !== undefined)
    throw new NetworkError('ARGUMENT_INVALID', `services contain ${wrong}; a service id is a whole number from 0 to 255`);
  return writer.u16(sorted.length).bytes(Uint8Array.from(sorted)).written;
}

function readEcho(type: 'ping' | 'pong', reader: ByteReader): ControlMessage {
  return { type, value: reader.u64() };
}

function readReady(reader: ByteReader): ControlMessage {
  return { type: 'ready', services: readServices(reader) };
}

function readClose(reader: ByteReader): ControlMessage {
  const code = reader.u16();
  const text = reader.rest();
  if (text.length > CLOSE_TEXT_BYTES_MAX) reader.fail();
  // One byte for each replaced character, so that the text stays within its bound.
  return { type: 'close', code, text: TEXT_DECODER.decode(text).replace(UNSAFE_TEXT, '?') };
}

function readLost(reader: ByteReader): ControlMessage {
  const cause = LOSS_CAUSES[reader.u8() - 1];
  const [fromServiceId, serviceId, streamId] = [reader.u8(), reader.u8(), reader.u32()];
  if (cause === undefined || reader.left > LOST_PAYLOAD_BYTES_MAX) reader.fail();
  return { type: 'lost', cause: cause as LossCause, fromServiceId, serviceId, streamId, payloadStart: reader.copy(reader.left) };
}

function readResume(reader: ByteReader): ControlMessage {
  const sequences: SequenceState[] = [];
  for (let left = reader.u16(); left > 0 && !reader.hasFailed; left--) {
    const state = { sequence: reader.u8(), next: reader.u48(), end: reader.u48() };
    if (state.sequence <= (sequences.at(-1)?.sequence ?? -1)) reader.fail();
    sequences.push(state);
  }
  return { type: 'resume', sequences };
}

function readRest(reader: ByteReader): ControlMessage {
  const [sequence, position] = [reader.u8(), reader.u48()];
  if (reader.left === 0) reader.fail();
  return { type: 'rest', sequence, position, bytes: reader.copy(reader.left) };
}

/** A list that ascends without repetition. */
function readServices(reader: ByteReader): readonly number[] {
  const services = Array.from(reader.view(reader.u16()));
  if (services.some((serviceId, index) => index > 0 && serviceId <= (services[index - 1] as number))) reader.fail();
  return services;
}
