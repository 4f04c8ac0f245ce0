/**
 * @module The messages of the router-sync behaviour, service 3, as bytes. Fixed layouts, big-endian; what does not fit a layout gives
 * nothing.
 *
 *   hello  u8 1 | 8 bytes tag | u8 flags | u32 number | kind, printable ASCII to the end (empty: no syncs from here any more)
 *   part   u8 2 | 8 bytes tag | u8 flags | u32 number | the bytes of a sync, or of a part of it
 *
 * The tag is a piece of the connection's channel binding, another one for each direction: what was said on another connection, or comes
 * back, is no message of this one. Numbers ascend by one with every part; a hello names the next part's. A part whose flag `LAST` is not
 * set is continued by the next one.
 */
const HELLO = 1;
const PART = 2;
const TAG_BYTES = 8;
const NUMBER_AT = 1 + TAG_BYTES + 1;
export const HEAD_BYTES = NUMBER_AT + 4;
const KIND_LENGTH_MAX = 64;
const PRINTABLE = /^[\x21-\x7e]*$/;

/** In a hello: the receiver's own is missing and wanted. */
const WANTED = 1;
/** In a part: the sync is complete. */
const LAST = 1;

export interface Hello {
  readonly type: 'hello';
  /** The kind of the sender's table; empty when it has none. */
  readonly kind: string;
  readonly isAnswerWanted: boolean;
  /** Of the next part. */
  readonly number: number;
}

export interface Part {
  readonly type: 'part';
  readonly number: number;
  readonly isLast: boolean;
  /** A view into the message. */
  readonly bytes: Uint8Array;
}

/** The tags of both directions; the side that dialled writes the first piece of the binding. */
export function tagsOf(
  channelBinding: Uint8Array,
  direction: 'incoming' | 'outgoing',
): { readonly own: Uint8Array; readonly remote: Uint8Array } {
  const dialer = channelBinding.slice(0, TAG_BYTES);
  const acceptor = channelBinding.slice(TAG_BYTES, 2 * TAG_BYTES);
  return direction === 'outgoing' ? { own: dialer, remote: acceptor } : { own: acceptor, remote: dialer };
}

export function encodeHello(tag: Uint8Array, { kind, isAnswerWanted, number }: Omit<Hello, 'type'>): Uint8Array {
  const text = new TextEncoder().encode(kind);
  return encode(HELLO, tag, isAnswerWanted ? WANTED : 0, number, text);
}

export function encodePart(tag: Uint8Array, { number, isLast, bytes }: Omit<Part, 'type'>): Uint8Array {
  return encode(PART, tag, isLast ? LAST : 0, number, bytes);
}

/** `tag`: that of the remote's direction. Never throws. */
export function decodeMessage(bytes: Uint8Array, tag: Uint8Array): Hello | Part | undefined {
  const type = bytes[0];
  if (bytes.length < HEAD_BYTES || !hasTag(bytes, tag)) return undefined;
  const flags = bytes[1 + TAG_BYTES] as number;
  const number = readNumber(bytes);
  const rest = bytes.subarray(HEAD_BYTES);
  if (type === PART && (flags & ~LAST) === 0 && rest.length > 0) return { type: 'part', number, isLast: flags === LAST, bytes: rest };
  if (type !== HELLO || (flags & ~WANTED) !== 0 || rest.length > KIND_LENGTH_MAX) return undefined;
  const kind = String.fromCharCode(...rest);
  return PRINTABLE.test(kind) ? { type: 'hello', kind, isAnswerWanted: flags === WANTED, number } : undefined;
}

/** What a table calls its kind, if it can be said. */
export function sayableKind(kind: string | undefined): string {
  return kind !== undefined && kind.length <= KIND_LENGTH_MAX && PRINTABLE.test(kind) ? kind : '';
}

function hasTag(bytes: Uint8Array, tag: Uint8Array): boolean {
  for (let index = 0; index < TAG_BYTES; index++) if (bytes[1 + index] !== tag[index]) return false;
  return true;
}

function readNumber(bytes: Uint8Array): number {
  let number = 0;
  for (let index = 0; index < 4; index++) number = number * 256 + (bytes[NUMBER_AT + index] as number);
  return number;
}

function encode(type: number, tag: Uint8Array, flags: number, number: number, rest: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + rest.length);
  bytes[0] = type;
  bytes.set(tag, 1);
  bytes[1 + TAG_BYTES] = flags;
  for (let index = 0; index < 4; index++) bytes[NUMBER_AT + index] = number >>> (24 - 8 * index);
  bytes.set(rest, HEAD_BYTES);
  return bytes;
}
