/**
 * @module Messages of the proxy: what a stream begins with, in each direction: two bytes of length, then CBOR. After that come bytes as they are: of a
 * connection, or the body of a request or a response, which ends with its direction of the stream. A side that fails resets the stream.
 */
import { decodeValue, encodeValue, joinBytes } from '../../core/index.js';
import { byField, fields, list, messageReader, oneOf, optional, text, tuple, whole } from '../../core/schema/index.js';
import { writeU16 } from '../../core/structures/bytes.js';
import { HEADERS_LENGTH_MAX, HEADERS_MAX, type Headers } from './protocols/headers.js';
import { TARGET_LENGTH_MAX } from './rules/target.js';

export const SOCK = 1;
export const REQUEST = 2;

/** In characters; bytes are fewer than the length can say. */
export const PATH_LENGTH_MAX = 8_192;
export const SITE_LENGTH_MAX = 64;
const METHOD_LENGTH_MAX = 32;
const FROM_LENGTH_MAX = 160;
const HOP_LENGTH_MAX = 64;
/** Nodes that may connect for each other in a row. */
export const HOPS_MAX = 16;

/** A connection to a target that the other side can reach. */
export interface SockHead {
  readonly kind: typeof SOCK;
  /** `host:port`. */
  readonly target: string;
  /** The socket of the program that is to be led there, so that the other side notices that it is one of its own. */
  readonly from?: string | undefined;
  /** The nodes that have connected for it so far: one that is among them does so no more. */
  readonly hops?: readonly string[] | undefined;
}

/** A request to what the other side serves: one for each stream. */
export interface RequestHead {
  readonly kind: typeof REQUEST;
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  /** Which of its sites; empty for the one without a name. */
  readonly site: string;
}

export interface ResponseHead {
  readonly status: number;
  readonly headers: Headers;
}

const HEADERS = list(tuple(text(HEADERS_LENGTH_MAX), text(HEADERS_LENGTH_MAX)), HEADERS_MAX);
const readHeadBody = messageReader(
  byField('kind', {
    [SOCK]: fields({
      kind: oneOf(SOCK),
      target: text(TARGET_LENGTH_MAX),
      from: optional(text(FROM_LENGTH_MAX)),
      hops: optional(list(text(HOP_LENGTH_MAX), HOPS_MAX)),
    }),
    [REQUEST]: fields({
      kind: oneOf(REQUEST),
      method: text(METHOD_LENGTH_MAX),
      path: text(PATH_LENGTH_MAX),
      headers: HEADERS,
      site: text(SITE_LENGTH_MAX),
    }),
  }),
);
const readResponseBody = messageReader(fields({ status: whole(100, 599), headers: HEADERS }));
const readOpenedBody = messageReader(fields({ target: text(TARGET_LENGTH_MAX) }));

/** What a stream begins with. Throws `CODEC_UNENCODABLE` for what is too large. */
export function headBytes(head: SockHead | RequestHead | ResponseHead | { readonly target: string }): Uint8Array {
  const body = encodeValue(head);
  const length = new Uint8Array(2);
  writeU16(length, 0, body.length);
  return joinBytes([length, body]);
}

export function readHead(body: Uint8Array): SockHead | RequestHead | undefined {
  return readHeadBody(decodeValue(body)?.value);
}

export function readResponse(body: Uint8Array): ResponseHead | undefined {
  return readResponseBody(decodeValue(body)?.value);
}

/** The answer to a `SockHead`: the target is connected. */
export function readOpened(body: Uint8Array): { readonly target: string } | undefined {
  return readOpenedBody(decodeValue(body)?.value);
}
