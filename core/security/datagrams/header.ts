/**
 * @module Header: the clear beginning of every datagram, and the datagrams of the handshake, whose Noise messages stand behind it:
 *
 *   u8 type | u32 receiver index | u64 counter, little-endian
 *
 * | type | then |
 * |---|---|
 * | 1 initiation | preamble (4), u32 sender index, cookie (16, zeros for none), u16 length, Noise message 1, zeros up to 1,200 or 548 bytes |
 * | 2 response | u32 sender index, Noise message 2 |
 * | 3 confirmation | Noise message 3 |
 * | 4 cookie | cookie (16) |
 * | 5 data | ciphertext and tag; the header is their associated data |
 * | 6 probe | token (16), of no session |
 *
 * An index names a session at its receiver: random, so that who does not see a session's datagrams cannot name it. It is 0 in an initiation and a probe, and
 * the counter is 0 in all but data. Layouts only: nothing is checked but lengths and types.
 */
import { readU16, readU32, readWordLittleEndian, writeU16, writeU32, writeWordLittleEndian } from '../../structures/bytes.js';
import { PREAMBLE_BYTES } from '../space.js';

/** What is in a datagram. */
export const INITIATION = 1;
export const RESPONSE = 2;
export const CONFIRMATION = 3;
export const COOKIE = 4;
export const DATA = 5;
export const PROBE = 6;

export const HEADER_BYTES = 13;
export const TAG_BYTES = 16;
export const COOKIE_BYTES = 16;
/** So many bytes pass nearly every path, and no datagram has more. */
export const DATAGRAM_BYTES_MAX = 1_200;
/** So many pass every one: with headers they are the 576 bytes that every host must take. */
export const DATAGRAM_BYTES_MIN = 548;

const TWO_TO_32 = 0x1_0000_0000;
const INDEX_BYTES = 4;
const PREAMBLE_AT = HEADER_BYTES;
const SENDER_AT = PREAMBLE_AT + PREAMBLE_BYTES;
const COOKIE_AT = SENDER_AT + INDEX_BYTES;
const LENGTH_AT = COOKIE_AT + COOKIE_BYTES;
const MESSAGE_AT = LENGTH_AT + 2;
const RESPONSE_MESSAGE_AT = HEADER_BYTES + INDEX_BYTES;

/** An initiation's parts: views of the datagram. */
export interface Initiation {
  readonly preamble: Uint8Array;
  readonly senderIndex: number;
  readonly cookie: Uint8Array;
  readonly message: Uint8Array;
}

export interface Response {
  readonly senderIndex: number;
  readonly message: Uint8Array;
}

/** 0 for what is too short to be any. */
export function typeOf(datagram: Uint8Array): number {
  return datagram.length < HEADER_BYTES + COOKIE_BYTES ? 0 : (datagram[0] as number);
}

export function receiverOf(datagram: Uint8Array): number {
  return readU32(datagram, 1);
}

/** Above 2^53 it is rounded, and far beyond every counter that is used. */
export function counterOf(datagram: Uint8Array): number {
  const low = readWordLittleEndian(datagram, 5) >>> 0;
  return (readWordLittleEndian(datagram, 9) >>> 0) * TWO_TO_32 + low;
}

export function writeHeader(datagram: Uint8Array, type: number, receiverIndex: number, counter = 0): void {
  datagram[0] = type;
  writeU32(datagram, 1, receiverIndex);
  writeWordLittleEndian(datagram, 5, counter);
  writeWordLittleEndian(datagram, 9, Math.floor(counter / TWO_TO_32));
}

/** `cookie`: 16 bytes, if the responder has asked for one. The first `DATAGRAM_BYTES_MIN` bytes alone are an initiation, too. */
export function writeInitiation(preamble: Uint8Array, senderIndex: number, message: Uint8Array, cookie?: Uint8Array): Uint8Array {
  const datagram = new Uint8Array(DATAGRAM_BYTES_MAX);
  writeHeader(datagram, INITIATION, 0);
  datagram.set(preamble, PREAMBLE_AT);
  writeU32(datagram, SENDER_AT, senderIndex);
  if (cookie !== undefined) datagram.set(cookie, COOKIE_AT);
  writeU16(datagram, LENGTH_AT, message.length);
  datagram.set(message, MESSAGE_AT);
  return datagram;
}

/** `undefined` for what has another length. */
export function readInitiation(datagram: Uint8Array): Initiation | undefined {
  if (datagram.length !== DATAGRAM_BYTES_MAX && datagram.length !== DATAGRAM_BYTES_MIN) return undefined;
  const end = MESSAGE_AT + readU16(datagram, LENGTH_AT);
  if (end > datagram.length) return undefined;
  return {
    preamble: datagram.subarray(PREAMBLE_AT, SENDER_AT),
    senderIndex: readU32(datagram, SENDER_AT),
    cookie: datagram.subarray(COOKIE_AT, LENGTH_AT),
    message: datagram.subarray(MESSAGE_AT, end),
  };
}

export function writeResponse(receiverIndex: number, senderIndex: number, message: Uint8Array): Uint8Array {
  const datagram = new Uint8Array(RESPONSE_MESSAGE_AT + message.length);
  writeHeader(datagram, RESPONSE, receiverIndex);
  writeU32(datagram, HEADER_BYTES, senderIndex);
  datagram.set(message, RESPONSE_MESSAGE_AT);
  return datagram;
}

export function readResponse(datagram: Uint8Array): Response {
  return { senderIndex: readU32(datagram, HEADER_BYTES), message: datagram.subarray(RESPONSE_MESSAGE_AT) };
}

/** A datagram whose content follows the header at once: a confirmation or a cookie. */
export function writePlain(type: number, receiverIndex: number, content: Uint8Array): Uint8Array {
  const datagram = new Uint8Array(HEADER_BYTES + content.length);
  writeHeader(datagram, type, receiverIndex);
  datagram.set(content, HEADER_BYTES);
  return datagram;
}

/** What follows the header. */
export function contentOf(datagram: Uint8Array): Uint8Array {
  return datagram.subarray(HEADER_BYTES);
}
