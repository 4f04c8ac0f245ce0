/**
 * @module IP: numeric addresses as texts and as bytes. Reading is strict (no short, octal or hexadecimal IPv4) and
 * writing gives the one normal form of RFC 5952, so that equal texts mean equal addresses. Pure.
 */

import { readU16, writeU16 } from '../structures/bytes.js';

const DIGIT_ZERO = 0x30;
/** The longest spelling of four numbers. */
const IPV4_TEXT_MAX = 15;
const GROUP_PATTERN = /^[0-9a-f]{1,4}$/i;
const GROUP_COUNT = 8;
/** The longest spelling: eight groups of which the last two are written as IPv4. */
const IPV6_TEXT_MAX = 45;

/** Reads four decimal numbers without leading zeros. Returns 4 bytes, or `undefined`. Read digit by digit, because every new link does it often. */
export function parseIpv4(text: string): Uint8Array | undefined {
  if (text.length > IPV4_TEXT_MAX) return undefined;
  const bytes = new Uint8Array(4);
  let index = 0;
  let number = -1;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - DIGIT_ZERO;
    if (digit >= 0 && digit <= 9 && number !== 0) {
      number = number < 0 ? digit : 10 * number + digit;
      if (number > 255) return undefined;
    } else if (text[at] === '.' && number >= 0 && index < 3) {
      bytes[index++] = number;
      number = -1;
    } else return undefined;
  }
  bytes[3] = number;
  return index === 3 && number >= 0 ? bytes : undefined;
}

/** Reads every spelling of RFC 4291, without brackets and without a zone. Returns 16 bytes, or `undefined`. */
export function parseIpv6(text: string): Uint8Array | undefined {
  if (text.length > IPV6_TEXT_MAX) return undefined;
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  const first = readGroups(head, tail === undefined);
  const last = readGroups(tail ?? '', true);
  if (first === undefined || last === undefined) return undefined;
  const missing = GROUP_COUNT - first.length - last.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  return bytesOfGroups([...first, ...new Array<number>(missing).fill(0), ...last]);
}

export function formatIpv4(bytes: Uint8Array): string {
  return bytes.join('.');
}

/** The normal form of 16 bytes: lower case, the first longest run of zero groups as `::`, IPv4-mapped addresses with their dots. */
export function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: GROUP_COUNT }, (_, index) => readU16(bytes, 2 * index));
  if (isIpv4Mapped(bytes)) return `::ffff:${formatIpv4(bytes.subarray(12))}`;
  const run = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (run.length < 2) return hex.join(':');
  return `${hex.slice(0, run.start).join(':')}::${hex.slice(run.start + run.length).join(':')}`;
}

/** Whether 16 bytes are `::ffff:a.b.c.d`: how a dual-stack socket shows an IPv4 peer. */
export function isIpv4Mapped(bytes: Uint8Array): boolean {
  return bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0);
}

/** The 4 or 16 bytes of a numeric host (a zone is left out), or `undefined` for a name. For classes of addresses, which are binary. */
export function ipBytes(host: string): Uint8Array | undefined {
  const zoneStart = host.indexOf('%');
  return parseIpv4(host) ?? parseIpv6(zoneStart < 0 ? host : host.slice(0, zoneStart));
}

function readGroups(text: string, mayEndInIpv4: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const ipv4 = mayEndInIpv4 ? parseIpv4(parts.at(-1) ?? '') : undefined;
  if (ipv4 !== undefined) parts.pop();
  if (!parts.every((part) => GROUP_PATTERN.test(part))) return undefined;
  const groups = parts.map((part) => Number.parseInt(part, 16));
  return ipv4 === undefined ? groups : [...groups, readU16(ipv4, 0), readU16(ipv4, 2)];
}

function bytesOfGroups(groups: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(2 * GROUP_COUNT);
  for (const [index, group] of groups.entries()) writeU16(bytes, 2 * index, group);
  return bytes;
}

function longestZeroRun(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  groups.forEach((group, index) => {
    if (group !== 0) start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  });
  return best;
}
