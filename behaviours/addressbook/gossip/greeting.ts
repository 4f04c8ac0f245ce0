/**
 * @module Greeting: what two address books exchange inside the handshake, so that two nodes without news for each other
 * need no message at all, and others one round trip less. A CBOR map, as every section:
 *
 * | field | meaning |
 * |---|---|
 * | `record`? | the sender's own signed record |
 * | `more`? | true: the sender has more records, and answers a question once the connection is open |
 * | `salt`?, `buckets`? | the dialer's question: the digest of what it has; without `buckets` it has nothing |
 *
 * Unknown fields are ignored; a malformed one refuses the connection. Pure.
 */
import { RECORD_LIMITS } from '../book/record.js';
import { DIGEST_BYTES } from './digest.js';
import type { DigestMessage } from './messages.js';

export interface Greeting {
  readonly record: Uint8Array | undefined;
  readonly hasMore: boolean;
  readonly question: DigestMessage | undefined;
}

const SALTS = 2 ** 32;
/** Of a node without records. */
const NOTHING = new Uint8Array(DIGEST_BYTES);

export function greetingToWire({ record, hasMore, question }: Greeting): Readonly<Record<string, unknown>> {
  const isEmpty = question?.buckets.every((byte) => byte === 0) === true;
  return {
    ...(record && { record }),
    ...(hasMore && { more: true }),
    ...(question && { salt: question.salt }),
    ...(question && !isEmpty && { buckets: question.buckets }),
  };
}

/** Reads a decoded value of any type; `undefined` when it is malformed. */
export function greetingFromWire(value: unknown): Greeting | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) return undefined;
  const { record, more = false, salt, buckets = NOTHING } = value as Readonly<Record<string, unknown>>;
  if (typeof more !== 'boolean' || !isAbsentOrRecord(record) || !isDigest(buckets)) return undefined;
  if (salt === undefined) return { record, hasMore: more, question: undefined };
  return isSalt(salt) ? { record, hasMore: more, question: { type: 'digest', salt, buckets } } : undefined;
}

function isAbsentOrRecord(value: unknown): value is Uint8Array | undefined {
  return value === undefined || (value instanceof Uint8Array && value.length <= RECORD_LIMITS.bytesMax);
}

function isDigest(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === DIGEST_BYTES;
}

function isSalt(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < SALTS;
}

export interface Greeted {
  readonly sent: Greeting;
  readonly received: Greeting | undefined;
}

/**
 * The greetings of connections that are not open yet. Both sides greet before they know whether the connection will open; a greeting is
 * taken at the opening or at the end, so that there are never more than connections under way.
 */
export class Greetings {
  private readonly byConnection = new Map<number, Greeted>();

  sent(connectionId: number, sent: Greeting): void {
    this.byConnection.set(connectionId, { sent, received: undefined });
  }

  received(connectionId: number, received: Greeting): void {
    const greeted = this.byConnection.get(connectionId);
    if (greeted !== undefined) this.byConnection.set(connectionId, { sent: greeted.sent, received });
  }

  /** What was sent and received on that connection; it is not kept. */
  take(connectionId: number): Greeted | undefined {
    const greeted = this.byConnection.get(connectionId);
    this.byConnection.delete(connectionId);
    return greeted;
  }
}
