/**
 * @module The messages of the router-sync behaviour, service 3, as bytes. What does not fit a layout gives nothing.
 *
 *   hello  u8 1 | u8 flags | kind, printable ASCII to the end (empty: no syncs from here any more)
 *   sync   u8 2 | the bytes of a sync
 *
 * A link keeps the order of its messages and loses none; numbers and repair are the table's own.
 */
const HELLO = 1;
const SYNC = 2;
/** What a message adds to a sync. */
export const HEAD_BYTES = 1;
const HELLO_HEAD_BYTES = 2;
const KIND_LENGTH_MAX = 64;
const PRINTABLE = /^[\x21-\x7e]*$/;

/** In a hello: the receiver's own is missing and wanted. */
const WANTED = 1;

export interface Hello {
  readonly type: 'hello';
  /** The kind of the sender's table; empty when it has none. */
  readonly kind: string;
  readonly isAnswerWanted: boolean;
}

export interface Sync {
  readonly type: 'sync';
  /** A view into the message; never empty. */
  readonly bytes: Uint8Array;
}

export function encodeHello({ kind, isAnswerWanted }: Omit<Hello, 'type'>): Uint8Array {
  return Uint8Array.of(HELLO, isAnswerWanted ? WANTED : 0, ...new TextEncoder().encode(kind));
}

export function encodeSync(sync: Uint8Array): Uint8Array {
  const message = new Uint8Array(HEAD_BYTES + sync.length);
  message[0] = SYNC;
  message.set(sync, HEAD_BYTES);
  return message;
}

/** Never throws. */
export function decodeMessage(message: Uint8Array): Hello | Sync | undefined {
  const [type, flags = WANTED + 1] = message;
  if (type === SYNC && message.length > HEAD_BYTES) return { type: 'sync', bytes: message.subarray(HEAD_BYTES) };
  if (type !== HELLO || flags > WANTED || message.length > HELLO_HEAD_BYTES + KIND_LENGTH_MAX) return undefined;
  const kind = String.fromCharCode(...message.subarray(HELLO_HEAD_BYTES));
  return PRINTABLE.test(kind) ? { type: 'hello', kind, isAnswerWanted: flags === WANTED } : undefined;
}

/** What a table calls its kind, if it can be sent. */
export function wireKind(kind: string | undefined): string {
  return kind !== undefined && kind.length <= KIND_LENGTH_MAX && PRINTABLE.test(kind) ? kind : '';
}
