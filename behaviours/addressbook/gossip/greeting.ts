/**
 * @module Greeting: what two address books exchange inside the handshake, so that two nodes without news for each other
 * need no message at all, and others one round trip less. A CBOR map, as every section:
 *
 * | field | meaning |
 * |---|---|
 * | `record`? | the sender's own signed record |
 * | `more`? | true: the sender has more records, and answers a question once the connection is open |
 * | `time`? | what the sender's clock on the wall shows, in ms since 1970; to be shown, nothing is decided by it |
 * | `salt`?, `buckets`? | the dialer's question: the digest of what it has; without `buckets` it has nothing |
 *
 * Unknown fields are ignored; a malformed one refuses the connection. Pure.
 */
import { fallback, fields, mapped, messageReader, optional, whole } from '../../../core/schema/index.js';
import { DIGEST_BYTES } from './digest.js';
import { BUCKETS, type DigestMessage, FLAG, RECORD, SALT } from './messages.js';

export interface Greeting {
  readonly record: Uint8Array | undefined;
  readonly hasMore: boolean;
  readonly question: DigestMessage | undefined;
  /** What the clock on the wall shows there. */
  readonly wallMs?: number | undefined;
}

/** Of a node without records. */
const NOTHING = new Uint8Array(DIGEST_BYTES);

export function greetingToWire({ record, hasMore, question, wallMs }: Greeting): Readonly<Record<string, unknown>> {
  const isEmpty = question?.buckets.every((byte) => byte === 0) === true;
  return {
    ...(record && { record }),
    ...(hasMore && { more: true }),
    ...(wallMs !== undefined && { time: Math.min(Math.max(0, Math.floor(wallMs)), TIME_MAX_MS) }),
    ...(question && { salt: question.salt }),
    ...(question && !isEmpty && { buckets: question.buckets }),
  };
}

/** The end of the year 9999. */
const TIME_MAX_MS = 253_402_300_799_999;
const BODY = fields({
  record: optional(RECORD),
  more: FLAG,
  time: optional(whole(0, TIME_MAX_MS)),
  salt: optional(SALT),
  buckets: fallback(BUCKETS, NOTHING),
});

/** Reads a decoded value of any type; `undefined` when it is malformed. */
export const greetingFromWire = messageReader(
  mapped(BODY, ({ record, more, time, salt, buckets }): Greeting => {
    const question = salt === undefined ? undefined : ({ type: 'digest', salt, buckets } as const);
    return { record, hasMore: more, question, ...(time !== undefined && { wallMs: time }) };
  }),
);

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
