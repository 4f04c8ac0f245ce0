/**
 * @module Messages of exchanges. Each begins with the correlation id of its exchange, eight random bytes that the requester has drawn, and with
 * the number of the attempt, so that a loss signal, which quotes the first 16 bytes of what was lost, names both. The other side repeats
 * the id. Big-endian:
 *
 *   id (8 bytes), kind u8, attempt u8, then
 *
 *   1 request   its content
 *   2 answer    u48 part, its content: the only answer, or one of a stream
 *   3 ask       is the request in work, or was it answered just now? Nothing is sent if it is in work
 *   4 unknown   u48 ms: it is not, nor was it in the last so many ms; 0: it may have been
 *   5 cancel    no answer is wanted any more
 *   16 to 255   what the user of the kit adds: content
 */
import { readU32, readU48, writeU32, writeU48 } from '../../structures/bytes.js';

export const REQUEST = 1;
export const ANSWER = 2;
export const ASK = 3;
export const UNKNOWN = 4;
export const CANCEL = 5;
/** The least kind that a user of the kit may give to messages of its own; 255 is the greatest. */
export const OWN_KINDS_MIN = 16;

/** What a user of the kit leaves free at the start of the bytes that it hands over: for requests and kinds of its own, and for answers. */
export const HEAD_BYTES = 10;
export const ANSWER_HEAD_BYTES = 16;

const KIND_AT = 8;
const ATTEMPT_AT = 9;

/** The two halves of a correlation id. The lower one is signed: as a key it costs no allocation. */
export interface CorrelationId {
  readonly idHigh: number;
  readonly idLow: number;
}

/** The head of a received message, also of one that a loss signal quotes, and where its content is. One object is reused for every message. */
export class MessageHead implements CorrelationId {
  /** What is read: the content is `bytes[contentAt..end)`, as long as the message's payload is valid. */
  bytes: Uint8Array = new Uint8Array(0);
  contentAt = 0;
  end = 0;
  idHigh = 0;
  idLow = 0;
  kind = 0;
  attempt = 0;
  /** The part of an answer, or the time of `unknown`; else 0. */
  number = 0;

  /** Reads `bytes[start..end)`; false when they are no message of an exchange. */
  read(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    if (end - start < HEAD_BYTES) return false;
    this.bytes = bytes;
    this.end = end;
    this.idHigh = readU32(bytes, start);
    this.idLow = readU32(bytes, start + 4) | 0;
    this.kind = bytes[start + KIND_AT] as number;
    this.attempt = bytes[start + ATTEMPT_AT] as number;
    this.number = 0;
    this.contentAt = start + HEAD_BYTES;
    if (this.kind !== ANSWER && this.kind !== UNKNOWN) return this.kind >= OWN_KINDS_MIN || (this.kind >= REQUEST && this.kind <= CANCEL);
    if (end - start < ANSWER_HEAD_BYTES) return false;
    this.number = readU48(bytes, start + HEAD_BYTES);
    this.contentAt = start + ANSWER_HEAD_BYTES;
    return true;
  }
}

export function writeHead(bytes: Uint8Array, id: CorrelationId, kind: number, attempt: number): void {
  writeU32(bytes, 0, id.idHigh);
  writeU32(bytes, 4, id.idLow);
  bytes[KIND_AT] = kind;
  bytes[ATTEMPT_AT] = attempt;
}

/** The head of an answer or of `unknown`. */
export function writeNumberedHead(bytes: Uint8Array, id: CorrelationId, kind: number, attempt: number, number: number): void {
  writeHead(bytes, id, kind, attempt);
  writeU48(bytes, HEAD_BYTES, number);
}

/** Only the attempt of a message that goes again differs. */
export function writeAttempt(bytes: Uint8Array, attempt: number): void {
  bytes[ATTEMPT_AT] = attempt;
}
