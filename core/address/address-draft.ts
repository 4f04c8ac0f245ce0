/**
 * @module AddressDraft: an address while it is read: every step checks one part, keeps its normal form, and returns what is wrong with
 * it, or `undefined`. Only `address.ts` uses it. Steps are linear in a text whose length was checked first.
 */
import { formatIpv6, parseIpv4, parseIpv6 } from './ip.js';
import { isNodeId, type NodeId } from './node-id.js';

/** Characters of an address in normal form, at most. */
export const ADDRESS_TEXT_MAX = 1024;

/** What an address is made of. `host` stands without brackets, a zone after a plain `%`. */
export interface AddressParts {
  readonly scheme: string;
  readonly host: string;
  /** Default: the scheme's own (80 for ws, 443 for wss), none (0) where ports have no meaning; tcp and udp need one. */
  readonly port?: number | undefined;
  readonly nodeId?: string | undefined;
  readonly name?: string | undefined;
}

/** `node`: the host is a node id (`mesh://`). */
export type HostKind = 'ipv4' | 'ipv6' | 'name' | 'node';

/** The scheme of circuits through the mesh: the only one whose host is a node id. */
const MESH = 'mesh';
const PORT_REQUIRED: ReadonlySet<string> = new Set(['tcp', 'udp']);
const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['ws', 80],
  ['wss', 443],
]);
const PORT_MAX = 65_535;
const HOST_NAME_MAX = 253;
const SCHEME_PATTERN = /^[a-z][a-z0-9+.-]{0,31}$/;
const LABEL_PATTERN = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
/** What resolvers read as a number: such a last label makes `127.1` or `0x7f000001` an IPv4 address. */
const NUMBER_LABEL_PATTERN = /^(?:[0-9]+|0x[0-9a-f]*)$/;
const PORT_PATTERN = /^[0-9]{1,5}$/;
const ZONE_PATTERN = /^[A-Za-z0-9._~-]{1,32}$/;
const NAME_PATTERN = /^[A-Za-z0-9._~/:@+=,-]+$/;

export class AddressDraft {
  scheme = '';
  nodeId: NodeId | undefined;
  host = '';
  hostKind: HostKind = 'name';
  port = 0;
  name: string | undefined;

  /** Takes a whole address. Returns what is wrong with it, or `undefined`. */
  read(text: unknown): string | undefined {
    if (typeof text !== 'string') return 'it is not a text';
    if (text.length > ADDRESS_TEXT_MAX) return `it is longer than ${ADDRESS_TEXT_MAX} characters`;
    const schemeEnd = text.indexOf('://');
    if (schemeEnd < 0) return 'it does not start with a scheme such as tcp://';
    const rest = text.slice(schemeEnd + 3);
    const slash = rest.indexOf('/');
    const authority = slash < 0 ? rest : rest.slice(0, slash);
    const at = authority.indexOf('@');
    return (
      this.#takeScheme(text.slice(0, schemeEnd)) ??
      this.#readEndpoint(authority.slice(at + 1)) ??
      this.#takeNodeId(at < 0 ? undefined : authority.slice(0, at)) ??
      this.#takeName(slash < 0 ? undefined : rest.slice(slash + 1)) ??
      this.#checkLength()
    );
  }

  /** As `read`, for parts. */
  take(parts: AddressParts): string | undefined {
    if (typeof parts.scheme !== 'string' || typeof parts.host !== 'string') return 'scheme and host are not texts';
    return (
      this.#takeScheme(parts.scheme) ??
      this.#takeHost(parts.host) ??
      this.#takePort(parts.port) ??
      this.#takeNodeId(parts.nodeId) ??
      this.#takeName(parts.name) ??
      this.#checkLength()
    );
  }

  /** The normal form. */
  get text(): string {
    const node = this.nodeId === undefined || this.hostKind === 'node' ? '' : `${this.nodeId}@`;
    const host = this.hostKind === 'ipv6' ? `[${this.host.replace('%', '%25')}]` : this.host;
    const port = this.port > 0 || PORT_REQUIRED.has(this.scheme) || DEFAULT_PORTS.has(this.scheme) ? `:${this.port}` : '';
    return `${this.scheme}://${node}${host}${port}${this.name === undefined ? '' : `/${this.name}`}`;
  }

  #takeScheme(scheme: string): string | undefined {
    this.scheme = scheme.toLowerCase();
    return SCHEME_PATTERN.test(this.scheme) ? undefined : 'the scheme is not made of up to 32 letters and digits';
  }

  /** `host`, `host:port`, `[ipv6]` or `[ipv6]:port`. */
  #readEndpoint(text: string): string | undefined {
    const isBracketed = text.startsWith('[');
    const hostEnd = isBracketed ? text.indexOf(']') + 1 : endOr(text, text.indexOf(':'));
    if (isBracketed && hostEnd === 0) return 'the bracket of the IPv6 host is not closed';
    const port = text.slice(hostEnd);
    if (port !== '' && !port.startsWith(':')) return 'after the IPv6 host stands something else than a port';
    if (port.includes(':', 1)) return 'an IPv6 host stands in brackets, as in tcp://[::1]:7400';
    const flaw = isBracketed ? this.#readBracketed(text.slice(1, hostEnd - 1)) : this.#takeHost(text.slice(0, hostEnd));
    return flaw ?? (port === '' ? this.#takePort(undefined) : this.#readPort(port.slice(1)));
  }

  #readBracketed(host: string): string | undefined {
    const percent = host.indexOf('%');
    if (percent < 0) return this.#takeIpv6(host, undefined);
    if (!host.startsWith('%25', percent)) return 'the zone of an IPv6 host is written as in [fe80::1%25eth0]';
    return this.#takeIpv6(host.slice(0, percent), host.slice(percent + 3));
  }

  #readPort(text: string): string | undefined {
    return PORT_PATTERN.test(text) ? this.#takePort(Number(text)) : `the port is not a number from 0 to ${PORT_MAX}`;
  }

  #takeHost(host: string): string | undefined {
    if (host === '') return 'the host is missing';
    if (this.scheme === MESH) return this.#takeNodeHost(host);
    if (!host.includes(':')) return this.#takeHostName(host.toLowerCase());
    const percent = host.indexOf('%');
    return percent < 0 ? this.#takeIpv6(host, undefined) : this.#takeIpv6(host.slice(0, percent), host.slice(percent + 1));
  }

  #takeNodeHost(host: string): string | undefined {
    this.host = host.toLowerCase();
    this.hostKind = 'node';
    if (!isNodeId(this.host)) return 'the host of a mesh address is a node id of 64 hex digits';
    this.nodeId = this.host;
    return undefined;
  }

  #takeIpv6(text: string, zone: string | undefined): string | undefined {
    if (this.scheme === MESH) return this.#takeNodeHost(text);
    const bytes = parseIpv6(text);
    if (bytes === undefined) return 'the host in brackets is not an IPv6 address';
    if (zone !== undefined && !isLinkLocal(bytes)) return 'only a link-local IPv6 host (fe80::/10) has a zone';
    if (zone !== undefined && !ZONE_PATTERN.test(zone)) return 'the zone of the IPv6 host is not made of up to 32 letters and digits';
    this.host = zone === undefined ? formatIpv6(bytes) : `${formatIpv6(bytes)}%${zone}`;
    this.hostKind = 'ipv6';
    return undefined;
  }

  #takeHostName(host: string): string | undefined {
    this.host = host;
    this.hostKind = parseIpv4(host) === undefined ? 'name' : 'ipv4';
    if (this.hostKind === 'ipv4') return undefined;
    // The dot at the end of a name says that it is whole: resolvers append no search domain.
    const name = host.replace(/\.$/, '');
    if (name.length > HOST_NAME_MAX) return `the host name is longer than ${HOST_NAME_MAX} characters`;
    const labels = name.split('.');
    if (NUMBER_LABEL_PATTERN.test(labels.at(-1) ?? ''))
      return 'a host that ends in a number is four numbers from 0 to 255 without leading zeros';
    if (labels.every((label) => LABEL_PATTERN.test(label))) return undefined;
    return 'the host name is not made of labels of 1 to 63 letters, digits, underscores and inner hyphens (other scripts are written as xn--…)';
  }

  #takePort(port: number | undefined): string | undefined {
    if (this.scheme === MESH && port !== undefined && port !== 0) return 'a mesh address has no port';
    const known = port ?? DEFAULT_PORTS.get(this.scheme);
    if (known === undefined && PORT_REQUIRED.has(this.scheme)) return 'the port is missing';
    this.port = known ?? 0;
    return Number.isInteger(this.port) && this.port >= 0 && this.port <= PORT_MAX
      ? undefined
      : `the port is not a number from 0 to ${PORT_MAX}`;
  }

  #takeNodeId(id: string | undefined): string | undefined {
    if (id === undefined) return undefined;
    const lower = String(id).toLowerCase();
    if (!isNodeId(lower)) return 'what stands before @ is not a node id of 64 hex digits';
    if (this.hostKind === 'node' && lower !== this.host) return 'the host of a mesh address is the node id itself';
    this.nodeId = lower;
    return undefined;
  }

  #takeName(name: string | undefined): string | undefined {
    this.name = name === '' ? undefined : name;
    if (this.name === undefined || NAME_PATTERN.test(this.name)) return undefined;
    return 'the name after the port is not made of letters, digits and -._~/:@+=,';
  }

  #checkLength(): string | undefined {
    return this.text.length > ADDRESS_TEXT_MAX ? `it is longer than ${ADDRESS_TEXT_MAX} characters` : undefined;
  }
}

function endOr(text: string, index: number): number {
  return index < 0 ? text.length : index;
}

function isLinkLocal(ipv6: Uint8Array): boolean {
  return ipv6[0] === 0xfe && ((ipv6[1] as number) & 0xc0) === 0x80;
}
