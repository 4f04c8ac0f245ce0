/**
 * @module Target: where a proxied connection is to lead, `host:port`, as a remote or a local program writes it. Reading is strict: a number has one
 * spelling, so that `127.1`, `0x7f.1` and `2130706433` are neither addresses nor names. Pure.
 */
import { rangeOfBytes } from '../../../core/address/address-class.js';
import { formatIpv4, formatIpv6, parseIpv6 } from '../../../core/address/ip.js';
import { ipBytes, isIpv4Mapped } from '../../../core/index.js';

/** The longest name of a host, in brackets or not, with a port. */
export const TARGET_LENGTH_MAX = 261;

const NAME_LENGTH_MAX = 253;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
/** The last label of what resolvers may take for a number. */
const NUMERIC_LABEL = /^(?:\d+|0x[0-9a-f]*)$/;
const PORT = /^[1-9]\d{0,4}$/;

export interface Target {
  /** Of numbers the normal form, without brackets; of names lower case without a dot at the end. */
  readonly host: string;
  readonly port: number;
  /** 4 or 16 bytes; `undefined` for a name. */
  readonly bytes: Uint8Array | undefined;
}

/** Reads `name:port`, `1.2.3.4:port` or `[::1]:port`. */
export function parseTarget(text: string): Target | undefined {
  const colon = text.lastIndexOf(':');
  if (text.length > TARGET_LENGTH_MAX || colon < 1) return undefined;
  const [host, port] = [text.slice(0, colon), portOf(text.slice(colon + 1))];
  if (port === undefined) return undefined;
  if (!host.startsWith('[')) return host.includes(':') ? undefined : targetOf(host, port);
  const inner = host.endsWith(']') ? host.slice(1, -1) : '';
  return parseIpv6(inner) === undefined ? undefined : targetOf(inner, port);
}

/** Reads the authority of an `http://` address: the same, with port 80 where it has none. */
export function parseAuthority(text: string): Target | undefined {
  return parseTarget(/:\d+$/.test(text) ? text : `${text}:80`);
}

/** The same of a host without brackets and a port. */
export function targetOf(host: string, port: number): Target | undefined {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  const bytes = host.includes('%') ? undefined : ipBytes(host);
  if (bytes !== undefined) return targetOfBytes(bytes, port);
  const name = host.toLowerCase().replace(/\.$/, '');
  return isHostName(name) ? { host: name, port, bytes: undefined } : undefined;
}

/** The same of 4 or 16 bytes. An IPv4 address in IPv6 spelling is that address. */
export function targetOfBytes(bytes: Uint8Array, port: number): Target {
  const plain = bytes.length === 16 && isIpv4Mapped(bytes) ? bytes.subarray(12) : bytes;
  return { host: plain.length === 4 ? formatIpv4(plain) : formatIpv6(plain), port, bytes: plain };
}

/** As `parseTarget` reads it. */
export function textOf({ host, port }: Pick<Target, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An address of this machine that no other one can reach. */
export function isLoopback(bytes: Uint8Array | undefined): boolean {
  return bytes !== undefined && rangeOfBytes(bytes).name === 'loopback';
}

/** A name that resolvers may be asked for: lower case, and nothing that could be a number. */
export function isHostName(name: string): boolean {
  const labels = name.split('.');
  if (name.length > NAME_LENGTH_MAX || !labels.every((label) => LABEL.test(label))) return false;
  return !NUMERIC_LABEL.test(labels.at(-1) as string);
}

export function portOf(text: string): number | undefined {
  const port = PORT.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}
