/**
 * @module ProxyHead: the head of a request that a program sends to an HTTP proxy: `CONNECT host:port`, or a request of which the target is a whole
 * `http://` address. Strict, since what two programs read differently is how requests are smuggled: lines end in CRLF, names are names, a body has one
 * length, and nothing is mended. Pure.
 */
import { joinBytes } from '../../../core/index.js';
import { parseAuthority, parseTarget, type Target, textOf } from '../rules/target.js';
import { BodyMeter } from './body-meter.js';
import {
  areSound,
  bodyOf,
  endToEnd,
  HEADERS_LENGTH_MAX,
  HEADERS_MAX,
  type HeaderField,
  type Headers,
  isToken,
  passing,
  valuesOf,
} from './headers.js';

/** Of the head in all. */
export const HEAD_BYTES_MAX = HEADERS_LENGTH_MAX;

const CR = 13;
const LF = 10;
const PATH = /^\/[\x21-\x7e\x80-\xff]*$/;
const STATUS_LINE = /^(HTTP\/1\.[01] ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?)$/;
const VERSION = /^HTTP\/1\.[01]$/;

export type ProxyHead =
  /** The connection becomes one to the target. */
  | { readonly type: 'connect'; readonly target: Target; readonly headers: Headers }
  /** One request for the target: `head` is what that gets instead of the program's, and `body` says what else. */
  | { readonly type: 'forward'; readonly target: Target; readonly headers: Headers; readonly head: Uint8Array; readonly body: BodyMeter }
  /** The status to answer with, and why. */
  | { readonly type: 'refused'; readonly status: number; readonly text: string };

/** Where the bytes behind the head begin; -1 as long as it is not complete. */
export function endOfHead(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, at + 1))
    if (bytes[at + 1] === LF && bytes[at + 2] === CR && bytes[at + 3] === LF) return at + 4;
  return -1;
}

/** Reads a complete head, its empty line included. `hop`: this proxy, for those behind it. */
export function readProxyHead(bytes: Uint8Array, hop: string): ProxyHead {
  const text = latin1(bytes);
  if (bytes.length > HEAD_BYTES_MAX) return refused(431, 'the head is too large');
  const lines = text.slice(0, -4).split('\r\n');
  const [method = '', wanted = '', version = '', ...more] = (lines.shift() as string).split(' ');
  if (!isToken(method) || more.length > 0 || !VERSION.test(version)) return refused(400, 'malformed request line');
  const headers = lines.map(fieldOf);
  if (!headers.every((field) => field !== undefined)) return refused(400, 'malformed header field');
  if (!areSound(headers)) return refused(headers.length > HEADERS_MAX ? 431 : 400, 'malformed or too many header fields');
  const flaw = flawOf(headers, version);
  if (flaw !== undefined) return refused(400, flaw);
  return method === 'CONNECT' ? connectTo(wanted, headers) : forwardTo({ method, wanted, headers, hop });
}

/** What is wrong with the fields that say how long a message is, and for whom. */
function flawOf(headers: Headers, version: string): string | undefined {
  const { length: hostCount } = valuesOf(headers, 'host');
  if (hostCount > 1 || (hostCount === 0 && version === 'HTTP/1.1')) return 'there must be one Host';
  const body = bodyOf(headers);
  const isWrong = body === 'wrong' || (body === 'chunked' && version !== 'HTTP/1.1');
  return isWrong ? 'a body has one Content-Length, a number, or is chunked' : undefined;
}

function connectTo(wanted: string, headers: Headers): ProxyHead {
  const target = parseTarget(wanted);
  if (target === undefined) return refused(400, 'CONNECT names no host and port');
  const body = bodyOf(headers);
  return body !== 'none' && body !== 0 ? refused(400, 'CONNECT has no body') : { type: 'connect', target, headers };
}

interface Forwarded {
  readonly method: string;
  readonly wanted: string;
  readonly headers: Headers;
  readonly hop: string;
}

/** The connection is for this request alone, so that what follows it can be taken for no other one's. */
function forwardTo({ method, wanted, headers, hop }: Forwarded): ProxyHead {
  const [, authority = '', path = ''] = /^http:\/\/([^/?#@]+)((?:[/?].*)?)$/i.exec(wanted) ?? [];
  const target = parseAuthority(authority);
  const inner = path.startsWith('/') ? path : `/${path}`;
  if (target === undefined || !PATH.test(inner)) return refused(400, 'the target is no http:// address');
  const length = bodyOf(headers);
  if (length === 'wrong') return refused(400, 'malformed body');
  const passed = endToEnd(headers, ['transfer-encoding']);
  const host = target.port === 80 ? textOf(target).replace(/:80$/, '') : textOf(target);
  const fields: Headers = [['Host', host], ...passed.filter(([name]) => name.toLowerCase() !== 'host'), ['Connection', 'close']];
  const head = bytesOf(`${method} ${inner} HTTP/1.1\r\n${linesOf(passing(fields, hop))}\r\n`);
  return { type: 'forward', target, headers, head, body: new BodyMeter(length) };
}

/** A complete head of a target's response as the program gets it: the connection ends with it. `undefined` for what is none. */
export function readResponseHead(bytes: Uint8Array): { readonly isInterim: boolean; readonly head: Uint8Array } | undefined {
  const [first = '', ...lines] = latin1(bytes).slice(0, -4).split('\r\n');
  const [, line, status] = STATUS_LINE.exec(first) ?? [];
  const headers = lines.map(fieldOf);
  if (bytes.length > HEAD_BYTES_MAX || line === undefined || !headers.every((field) => field !== undefined) || !areSound(headers))
    return undefined;
  // Nothing that could be changed to was asked for.
  if (status === '101') return undefined;
  const isInterim = Number(status) < 200;
  const fields: Headers = [...endToEnd(headers, ['transfer-encoding']), ...(isInterim ? [] : [['Connection', 'close'] as const])];
  return { isInterim, head: bytesOf(`${line}\r\n${linesOf(fields)}\r\n`) };
}

function linesOf(headers: Headers): string {
  return headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
}

function fieldOf(line: string): HeaderField | undefined {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(colon, 0));
  return isToken(name) ? [name, line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')] : undefined;
}

/** An answer of the proxy itself. The text is its own: nothing of the program's is in it. */
export function answerOf(status: number, text: string, fields: Headers = []): Uint8Array {
  const body = bytesOf(text === '' ? '' : `${text}\n`);
  const lines: Headers = [
    ...fields,
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Length', String(body.length)],
    ['Connection', 'close'],
  ];
  const head = `HTTP/1.1 ${status} ${REASONS[status] ?? 'Error'}\r\n${linesOf(lines)}\r\n`;
  return joinBytes([bytesOf(head), body]);
}

/** The answer to a CONNECT that has succeeded: no length, no body. */
export const ESTABLISHED: Uint8Array = bytesOf('HTTP/1.1 200 Connection established\r\n\r\n');

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  508: 'Loop Detected',
};

function refused(status: number, text: string): ProxyHead {
  return { type: 'refused', status, text };
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
