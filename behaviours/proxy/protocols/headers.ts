/**
 * @module Headers: fields of HTTP messages, on their way from one connection to another: what is well-formed, what belongs to one connection only, and
 * which proxies a message has passed. Pure.
 */

/** Name and value, in the order of the message; a name may be there several times. */
export type HeaderField = readonly [name: string, value: string];
export type Headers = readonly HeaderField[];

export const HEADERS_MAX = 100;
/** All names and values of a message together. */
export const HEADERS_LENGTH_MAX = 16_384;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/;
const DIGITS = /^\d{1,15}$/;
/** No control characters but tab, nothing beyond one byte. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Fields that no message can declare to belong to one connection only: without them the next reader takes it for another one. */
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'host']);

/** Whether names and values are what they may be, and not too many, and what frames the message is to go on with it. */
export function areSound(headers: Headers): boolean {
  let length = 0;
  for (const [name, value] of headers) {
    if (!isToken(name) || !VALUE.test(value)) return false;
    length += name.length + value.length;
  }
  const isFramed = !listOf(headers, 'connection').some((item) => FRAMING.has(item.toLowerCase()));
  return isFramed && headers.length <= HEADERS_MAX && length <= HEADERS_LENGTH_MAX;
}

export function valuesOf(headers: Headers, wanted: string): string[] {
  return headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
}

/** The items of a field that is a list. */
export function listOf(headers: Headers, wanted: string): string[] {
  return valuesOf(headers, wanted).flatMap((value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  );
}

/** What goes on beyond this connection: neither the fields that belong to it nor those that it names. `kept`: of these, what does nevertheless. */
export function endToEnd(headers: Headers, kept: readonly string[] = []): Headers {
  const named = new Set(listOf(headers, 'connection').map((item) => item.toLowerCase()));
  return headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return kept.includes(lower) || !(HOP_BY_HOP.has(lower) || named.has(lower));
  });
}

/** What such a message asks the other side to change to, such as `websocket`; `undefined` when nothing. */
export function upgradeOf(headers: Headers): string | undefined {
  const isAsked = listOf(headers, 'connection').some((item) => item.toLowerCase() === 'upgrade');
  const [protocol] = listOf(headers, 'upgrade');
  return isAsked && protocol !== undefined && isToken(protocol.replace('/', '')) ? protocol.toLowerCase() : undefined;
}

/** How long the body of a request is: a number of bytes, until its end, or there is none; `wrong` where two readers could disagree. */
export function bodyOf(headers: Headers): number | 'chunked' | 'none' | 'wrong' {
  const [lengths, codings] = [valuesOf(headers, 'content-length'), valuesOf(headers, 'transfer-encoding')];
  const [length] = lengths;
  if (lengths.length + codings.length === 0) return 'none';
  if (lengths.length + codings.length > 1) return 'wrong';
  if (length === undefined) return codings[0]?.toLowerCase() === 'chunked' ? 'chunked' : 'wrong';
  return DIGITS.test(length) ? Number(length) : 'wrong';
}

/** Whether the message has passed a proxy of that name. */
export function hasPassed(headers: Headers, hop: string): boolean {
  return listOf(headers, 'via').some((item) => item.split(/\s+/)[1] === hop);
}

/** With this proxy among those that the message has passed. */
export function passing(headers: Headers, hop: string): Headers {
  return [...headers, ['Via', `1.1 ${hop}`]];
}
