/**
 * @module Rule: one entry of an allow-list, as a person writes it: `host:ports`.
 *
 * - `192.168.1.7:22`, `[fd00::7]:22`: an address. `10.0.0.0/8:443`, `[fd00::/8]:443`: a range.
 * - `example.org:443`, `*.example.org:443`: a name, or all names below one. `localhost:80`: 127.0.0.1 and ::1.
 * - `*:443`: whatever is public.
 *
 * Ports: `443`, `80,443`, `8000-8099`, `*`. Pure.
 */
import { rangeOfBytes } from '../../../core/address/address-class.js';
import { parseIpv4, parseIpv6 } from '../../../core/address/ip.js';
import { isHostName, portOf, targetOfBytes } from './target.js';

/** First and last. */
type PortRange = readonly [first: number, last: number];

export type Rule = { readonly ports: readonly PortRange[] } & (
  | {
      readonly type: 'range';
      readonly prefix: Uint8Array;
      readonly bits: number;
      /** It lies within one private or special range, and so names it. */
      readonly isNamed: boolean;
    }
  | { readonly type: 'name'; readonly name: string; readonly isSuffix: boolean }
  | { readonly type: 'public' }
);

const PORTS_MAX = 16;
/** What no connection leads to, or what would lead to this machine under another name. */
const NEVER: ReadonlySet<string> = new Set(['unspecified', 'multicast', 'broadcast']);

/** Whether an address of that class may be connected to at all. */
export function isConnectable(bytes: Uint8Array): boolean {
  return !NEVER.has(rangeOfBytes(bytes).name);
}

/** The rules of a text: one, or for `localhost` two. */
export function parseRule(text: string): readonly Rule[] | undefined {
  const colon = text.lastIndexOf(':');
  const ports = portsOf(text.slice(colon + 1));
  const host = text.slice(0, Math.max(colon, 0)).toLowerCase();
  if (ports === undefined || host === '') return undefined;
  if (host === '*') return [{ type: 'public', ports }];
  if (host === 'localhost') return ['127.0.0.1', '::1'].map((loopback) => rangeRule(loopback, ports) as Rule);
  const isBracketed = host.startsWith('[') && host.endsWith(']');
  const range = rangeRule(isBracketed ? host.slice(1, -1) : host, ports);
  if (range !== undefined) return isBracketed === host.includes(':') ? [range] : undefined;
  const isSuffix = host.startsWith('*.');
  const name = isSuffix ? host.slice(2) : host;
  return isHostName(name) ? [{ type: 'name', name, isSuffix, ports }] : undefined;
}

export function hasPort({ ports }: Rule, port: number): boolean {
  return ports.some(([first, last]) => port >= first && port <= last);
}

/** Whether a name rule is about that name. */
export function hasName(rule: Rule, name: string): boolean {
  if (rule.type !== 'name') return false;
  return rule.isSuffix ? name.endsWith(`.${rule.name}`) : name === rule.name;
}

function portsOf(text: string): readonly PortRange[] | undefined {
  if (text === '*') return [[1, 65_535]];
  const ranges = text.split(',').map((part): PortRange | undefined => {
    const [first, last = first] = part.split('-', 2).map(portOf);
    return first === undefined || last === undefined || last < first || part.split('-').length > 2 ? undefined : [first, last];
  });
  return ranges.length <= PORTS_MAX && ranges.every((range) => range !== undefined) ? ranges : undefined;
}

function rangeRule(text: string, ports: readonly PortRange[]): Rule | undefined {
  const [address = '', count, ...more] = text.split('/');
  const written = parseIpv4(address) ?? parseIpv6(address);
  if (written === undefined || more.length > 0) return undefined;
  // Of an IPv4 address in IPv6 spelling only the address itself can be meant.
  const prefix = count === undefined ? (targetOfBytes(written, 1).bytes as Uint8Array) : written;
  const most = prefix.length * 8;
  const bits = count === undefined ? most : /^\d{1,3}$/.test(count) ? Number(count) : most + 1;
  if (bits > most || !isConnectable(prefix)) return undefined;
  const special = rangeOfBytes(prefix);
  return { type: 'range', prefix, bits, isNamed: special.name !== 'public' && bits >= special.bits, ports };
}
