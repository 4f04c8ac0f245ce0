/**
 * @module The messages of the envelopes behaviour, service 14, as bytes. Fixed layouts, big-endian; what does not fit a layout is
 * malformed.
 *
 *   hello     u8 1 | u8 flags (1: an answer is wanted) | u32 session, a random name of the sender's start
 *   envelope  u8 2 | the payload, to the end
 *   grant     u8 3 | u64 total: envelopes that the receiver of this message may send since the hellos
 *   want      u8 4 | u64 total: envelopes that the sender of this message would like to have been granted
 *   bye       u8 5: the sender's behaviour ends, its connection does not
 */
import { readU32, readU64, writeU32, writeU64 } from '../../core/structures/bytes.js';

const HELLO = 1;
const ENVELOPE = 2;
const GRANT = 3;
const WANT = 4;
const BYE = 5;
const HELLO_BYTES = 6;
const TOTAL_BYTES = 9;
const WANTED = 1;

/** What an envelope has before its payload. */
export const ENVELOPE_HEAD_BYTES = 1;
export const BYE_MESSAGE = Uint8Array.of(BYE);

export type EnvelopeMessage =
  | { readonly type: 'hello'; readonly session: number; readonly isAnswerWanted: boolean }
  /** `payload` is a view into the message. */
  | { readonly type: 'envelope'; readonly payload: Uint8Array }
  | { readonly type: 'grant' | 'want'; readonly total: number }
  | { readonly type: 'bye' };

export function encodeHello(session: number, isAnswerWanted: boolean): Uint8Array {
  const bytes = new Uint8Array(HELLO_BYTES);
  bytes[0] = HELLO;
  bytes[1] = isAnswerWanted ? WANTED : 0;
  writeU32(bytes, 2, session);
  return bytes;
}

/** A copy: the payload is the caller's again. */
export function encodeEnvelope(payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(ENVELOPE_HEAD_BYTES + payload.length);
  bytes[0] = ENVELOPE;
  bytes.set(payload, ENVELOPE_HEAD_BYTES);
  return bytes;
}

export function encodeGrant(total: number): Uint8Array {
  return encodeTotal(GRANT, total);
}

export function encodeWant(total: number): Uint8Array {
  return encodeTotal(WANT, total);
}

/** Never throws. A total beyond 2^53 is none. */
export function decodeMessage(bytes: Uint8Array): EnvelopeMessage | undefined {
  switch (bytes[0]) {
    case HELLO:
      return decodeHello(bytes);
    case ENVELOPE:
      return { type: 'envelope', payload: bytes.subarray(ENVELOPE_HEAD_BYTES) };
    case GRANT:
      return decodeTotal('grant', bytes);
    case WANT:
      return decodeTotal('want', bytes);
    case BYE:
      return bytes.length === BYE_MESSAGE.length ? { type: 'bye' } : undefined;
    default:
      return undefined;
  }
}

function decodeHello(bytes: Uint8Array): EnvelopeMessage | undefined {
  const flags = bytes[1] as number;
  if (bytes.length !== HELLO_BYTES || (flags & ~WANTED) !== 0) return undefined;
  return { type: 'hello', session: readU32(bytes, 2), isAnswerWanted: flags === WANTED };
}

function encodeTotal(type: number, total: number): Uint8Array {
  const bytes = new Uint8Array(TOTAL_BYTES);
  bytes[0] = type;
  writeU64(bytes, 1, total);
  return bytes;
}

function decodeTotal(type: 'grant' | 'want', bytes: Uint8Array): EnvelopeMessage | undefined {
  if (bytes.length !== TOTAL_BYTES) return undefined;
  const total = readU64(bytes, 1);
  return Number.isSafeInteger(total) ? { type, total } : undefined;
}
