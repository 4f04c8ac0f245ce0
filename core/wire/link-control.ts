/**
 * @module Link control: the messages of service 0 as bytes and back. Fixed layouts, big-endian, the kind in the first byte; nothing may
 * follow a layout's end. It decides nothing: the link acts on what is decoded, ignores and counts `unknown`, and closes on `malformed`.
 *
 * | kind | then |
 * |---|---|
 * | 1 ping, 2 pong | the value, u64 (below 2^53); a pong repeats its ping's |
 * | 3 ready | instance id, 8 bytes; service list |
 * | 4 close | u16 code; text in UTF-8, at most 256 bytes, to the end of the message |
 * | 5 services | the complete new service list |
 * | 6 lost | cause u8 (1 unreachable, 2 hop-limit, 3 lane-full); from-service u8, to-service u8, stream id u32 of the message that ended |
 *
 * A service list is a u16 count, then one byte for each service, ascending.
 */
import { NetworkError } from '../errors.js';

const PING = 1;
const PONG = 2;
const READY = 3;
const CLOSE = 4;
const SERVICES = 5;
const LOST = 6;

const TWO_TO_32 = 0x1_0000_0000;
const INSTANCE_ID_BYTES = 8;
const HEAD_BYTES = 1;
const COUNT_BYTES = 2;
const CODE_BYTES = 2;
const LOST_BYTES = 8;

/** Why a relay could not hand a message on; its number on the wire is its place, from 1. */
export type LossCause = 'unreachable' | 'hop-limit' | 'lane-full';
const LOSS_CAUSES: readonly LossCause[] = ['unreachable', 'hop-limit', 'lane-full'];

/** The longest text of a close; more is cut when it is encoded, and malformed when it is received. */
export const CLOSE_TEXT_BYTES_MAX = 256;

/** One decoded message of service 0. */
export type ControlMessage =
  /** To be answered by a pong of the same value. */
  | { readonly type: 'ping'; readonly value: number }
  | { readonly type: 'pong'; readonly value: number }
  /** The remote's side is open. `instanceId` is a copy of 8 bytes, fresh with each start of the remote. */
  | { readonly type: 'ready'; readonly instanceId: Uint8Array; readonly services: readonly number[] }
  /** The remote ends the link. `code` as of `closeCodeOf`; `text` is one line without control characters, at most 256 bytes. */
  | { readonly type: 'close'; readonly code: number; readonly text: string }
  /** What the remote offers from now on. */
  | { readonly type: 'services'; readonly services: readonly number[] }
  /** A relay could not hand on a message of this node's. The only kind that is routed, and never answered. */
  | LostMessage;

export interface LostMessage {
  readonly type: 'lost';
  readonly cause: LossCause;
  readonly fromServiceId: number;
  readonly serviceId: number;
  readonly streamId: number;
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

/** `instanceId`: 8 bytes. `services` in any order. */
export function encodeReady(instanceId: Uint8Array, services: Iterable<number>): Uint8Array {
  if (instanceId.length !== INSTANCE_ID_BYTES)
    throw new NetworkError('ARGUMENT_INVALID', `instanceId has ${instanceId.length} bytes; it must have ${INSTANCE_ID_BYTES}`);
  return joined(READY, instanceId, serviceList(services));
}

/** `code`: a number of `CLOSE_CODES`. A text of more than 256 bytes is cut after its last whole character that fits. */
export function encodeClose(code: number, text: string): Uint8Array {
  if (!Number.isInteger(code) || code < 0 || code > 0xffff)
    throw new NetworkError('ARGUMENT_INVALID', `code is ${code}; it must be a whole number from 0 to 65535`);
  const room = new Uint8Array(CLOSE_TEXT_BYTES_MAX);
  const { written } = TEXT_ENCODER.encodeInto(text, room);
  return joined(CLOSE, Uint8Array.of(code >> 8, code & 0xff), room.subarray(0, written));
}

/** `services`: the complete list, in any order. */
export function encodeServices(services: Iterable<number>): Uint8Array {
  return joined(SERVICES, serviceList(services));
}

export function encodeLost({ cause, fromServiceId, serviceId, streamId }: Omit<LostMessage, 'type'>): Uint8Array {
  const bytes = Uint8Array.of(LOST, LOSS_CAUSES.indexOf(cause) + 1, fromServiceId, serviceId, 0, 0, 0, 0);
  new DataView(bytes.buffer).setUint32(LOST_BYTES - 4, streamId);
  return bytes;
}

/** `unknown`: of a later version, to be ignored and counted. `malformed`: the remote broke the protocol. Never throws. */
export function decodeControl(bytes: Uint8Array): ControlMessage | 'unknown' | 'malformed' {
  switch (bytes[0]) {
    case undefined:
      return 'malformed';
    case PING:
      return decodeEcho('ping', bytes);
    case PONG:
      return decodeEcho('pong', bytes);
    case READY:
      return decodeReady(bytes);
    case CLOSE:
      return decodeClose(bytes);
    case SERVICES:
      return decodeServices(bytes);
    case LOST:
      return decodeLost(bytes);
    default:
      return 'unknown';
  }
}

/** Whether two instance ids are of the same start of a node. */
export function isSameInstance(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

function encodeEcho(kind: number, value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new NetworkError('ARGUMENT_INVALID', `value is ${value}; it must be a whole number from 0 to 2^53 - 1`);
  const bytes = new Uint8Array(HEAD_BYTES + 8);
  const view = new DataView(bytes.buffer);
  bytes[0] = kind;
  view.setUint32(1, Math.floor(value / TWO_TO_32));
  view.setUint32(5, value % TWO_TO_32);
  return bytes;
}

function decodeEcho(type: 'ping' | 'pong', bytes: Uint8Array): ControlMessage | 'malformed' {
  if (bytes.length !== HEAD_BYTES + 8) return 'malformed';
  const view = viewOf(bytes);
  const value = view.getUint32(1) * TWO_TO_32 + view.getUint32(5);
  return Number.isSafeInteger(value) ? { type, value } : 'malformed';
}

function decodeReady(bytes: Uint8Array): ControlMessage | 'malformed' {
  const listStart = HEAD_BYTES + INSTANCE_ID_BYTES;
  const services = decodeServiceList(bytes, listStart);
  return services === undefined
    ? 'malformed'
    : { type: 'ready', instanceId: Uint8Array.from(bytes.subarray(HEAD_BYTES, listStart)), services };
}

function decodeClose(bytes: Uint8Array): ControlMessage | 'malformed' {
  const textStart = HEAD_BYTES + CODE_BYTES;
  if (bytes.length < textStart || bytes.length > textStart + CLOSE_TEXT_BYTES_MAX) return 'malformed';
  // One byte for each replaced character, so that the text stays within its bound.
  const text = TEXT_DECODER.decode(bytes.subarray(textStart)).replace(UNSAFE_TEXT, '?');
  return { type: 'close', code: viewOf(bytes).getUint16(HEAD_BYTES), text };
}

function decodeServices(bytes: Uint8Array): ControlMessage | 'malformed' {
  const services = decodeServiceList(bytes, HEAD_BYTES);
  return services === undefined ? 'malformed' : { type: 'services', services };
}

function decodeLost(bytes: Uint8Array): ControlMessage | 'malformed' {
  const cause = LOSS_CAUSES[(bytes[1] ?? 0) - 1];
  if (bytes.length !== LOST_BYTES || cause === undefined) return 'malformed';
  const [, , fromServiceId = 0, serviceId = 0] = bytes;
  return { type: 'lost', cause, fromServiceId, serviceId, streamId: viewOf(bytes).getUint32(LOST_BYTES - 4) };
}

function serviceList(services: Iterable<number>): Uint8Array {
  const sorted = [...new Set(services)].sort((left, right) => left - right);
  const wrong = sorted.find((serviceId) => !Number.isInteger(serviceId) || serviceId < 0 || serviceId > 0xff);
  if (wrong !== undefined)
    throw new NetworkError('ARGUMENT_INVALID', `services contain ${wrong}; a service id is a whole number from 0 to 255`);
  return Uint8Array.of(sorted.length >> 8, sorted.length & 0xff, ...sorted);
}

/** A list that ascends without repetition to the end of the message, or `undefined`. */
function decodeServiceList(bytes: Uint8Array, start: number): readonly number[] | undefined {
  const listStart = start + COUNT_BYTES;
  if (bytes.length < listStart) return undefined;
  if (bytes.length - listStart !== viewOf(bytes).getUint16(start)) return undefined;
  const services = Array.from(bytes.subarray(listStart));
  return services.every((serviceId, index) => index === 0 || serviceId > (services[index - 1] as number)) ? services : undefined;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function joined(kind: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, HEAD_BYTES));
  bytes[0] = kind;
  let position = HEAD_BYTES;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}
