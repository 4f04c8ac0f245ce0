/**
 * @module AddressClass: what kind of place an address names, by the bytes of its host, and whether it may be believed and dialled when a
 * remote advertises it. Other spellings of a number (`0x7f.1`, `127.1`) never become an `Address`; here only the
 * binary form counts. Addresses that this node's own user wrote are not judged. Pure.
 */
import type { Address } from './address.js';
import { ipBytes, isIpv4Mapped } from './ip.js';

export type AddressClass =
  /** A unicast address of the internet. */
  | 'public'
  /** RFC 1918, and unique local addresses of IPv6. */
  | 'private'
  /** 100.64.0.0/10: behind a carrier's NAT, and in overlay networks. */
  | 'shared'
  | 'loopback'
  | 'link-local'
  | 'unspecified'
  | 'multicast'
  | 'broadcast'
  | 'documentation'
  | 'benchmark'
  /** An IPv4 address in IPv6 spelling, which would be a second name of the same place. */
  | 'mapped'
  /** A tunnel or translation prefix, which has an IPv4 address in it. */
  | 'embedded'
  | 'reserved'
  /** A name that resolvers may know. */
  | 'name'
  /** A host of a transport without IP, such as memory and the simulator. */
  | 'virtual'
  /** `mesh://`: the host is a node id. */
  | 'node';

/** How far out the addresses lie that a node believes. Each mode takes those of the modes before it, too. */
export type AddressMode = 'public' | 'private' | 'loopback';

/** `link`: where packets came from over a link of this machine; observed by this node, not advertised by a remote. */
export type HintMode = AddressMode | 'link';

type Range = readonly [prefix: readonly number[], bits: number, name: AddressClass];

/** The first range that fits counts. */
const IPV4_RANGES: readonly Range[] = [
  [[0, 0, 0, 0], 32, 'unspecified'],
  [[0], 8, 'reserved'],
  [[10], 8, 'private'],
  [[100, 64], 10, 'shared'],
  [[127], 8, 'loopback'],
  [[169, 254], 16, 'link-local'],
  [[172, 16], 12, 'private'],
  [[192, 0, 0], 24, 'reserved'],
  [[192, 0, 2], 24, 'documentation'],
  [[192, 88, 99], 24, 'reserved'],
  [[192, 168], 16, 'private'],
  [[198, 18], 15, 'benchmark'],
  [[198, 51, 100], 24, 'documentation'],
  [[203, 0, 113], 24, 'documentation'],
  [[224], 4, 'multicast'],
  [[255, 255, 255, 255], 32, 'broadcast'],
  [[240], 4, 'reserved'],
  [[], 0, 'public'],
];
const IPV6_RANGES: readonly Range[] = [
  [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 128, 'unspecified'],
  [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 128, 'loopback'],
  [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 96, 'mapped'],
  [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 96, 'embedded'],
  [[0x00, 0x64, 0xff, 0x9b], 32, 'embedded'],
  [[0x20, 0x01, 0x00, 0x00], 32, 'embedded'],
  [[0x20, 0x01, 0x00], 23, 'reserved'],
  [[0x20, 0x01, 0x0d, 0xb8], 32, 'documentation'],
  [[0x20, 0x02], 16, 'embedded'],
  [[0x3f, 0xff, 0x00], 20, 'documentation'],
  [[0x20], 3, 'public'],
  [[0xfc], 7, 'private'],
  [[0xfe, 0x80], 10, 'link-local'],
  [[0xff], 8, 'multicast'],
  [[], 0, 'reserved'],
];

/** Schemes whose hosts are resolved by the internet's names. */
const IP_SCHEMES: ReadonlySet<string> = new Set(['tcp', 'udp', 'ws', 'wss']);

const MODE_OF: Partial<Record<AddressClass, AddressMode>> = {
  public: 'public',
  node: 'public',
  private: 'private',
  shared: 'private',
  name: 'private',
  loopback: 'loopback',
  virtual: 'loopback',
};
const MODES: readonly AddressMode[] = ['public', 'private', 'loopback'];
const REACH: Readonly<Record<AddressMode, number>> = { public: 0, private: 1, loopback: 2 };

/** Classes that are no source of packets. */
const NO_SENDERS: ReadonlySet<AddressClass> = new Set(['unspecified', 'multicast', 'broadcast', 'mapped', 'embedded', 'name', 'node']);

/** Services that answer one small packet with many bytes, or that would blame a third party. */
const UDP_REFLECTOR_PORTS: ReadonlySet<number> = new Set([
  1194, 1434, 1604, 1701, 1900, 2049, 3283, 3389, 3478, 3702, 4500, 5060, 5093, 5351, 5353, 5683, 10_001, 10_074, 11_211, 17_185, 20_800,
  27_015, 27_960, 30_120, 32_414, 37_810,
]);
/** What a node may listen on below 1024. */
const LOW_TCP_PORTS: ReadonlySet<number> = new Set([80, 443]);
const LOW_PORTS_END = 1_024;
const TCP_REFUSED_PORTS: ReadonlySet<number> = new Set([1433, 1521, 2049, 2375, 3306, 3389, 5432, 5900, 6379, 6667, 11_211, 27_017]);

/** Whether resolvers are asked for the host, so that the address may be many places, and others tomorrow. */
export function isResolved({ scheme, hostKind }: Address): boolean {
  return hostKind === 'name' && IP_SCHEMES.has(scheme);
}

/** Whether it is reached over other nodes. */
export function isRelayed({ hostKind }: Address): boolean {
  return hostKind === 'node';
}

export function classOf(address: Address): AddressClass {
  if (address.hostKind === 'node') return 'node';
  if (address.hostKind !== 'name') return classOfBytes(ipBytes(address.host) as Uint8Array);
  if (!isResolved(address)) return 'virtual';
  return /(^|\.)localhost\.?$/.test(address.host) ? 'loopback' : 'name';
}

/** The first mode that takes the address for its host; `undefined` when none does. */
export function modeOf(address: Address): AddressMode | undefined {
  const name = classOf(address);
  return isCertified(address, name) ? 'public' : MODE_OF[name];
}

/** Why an address that a remote advertised, or that was seen on a link, is not believed; `undefined` when it is. */
export function refusalOf(address: Address, mode: HintMode): string | undefined {
  if (!(mode === 'link' ? isLinkHost(address) : isWithinMode(address, mode))) return `${classOf(address)} address`;
  if (!IP_SCHEMES.has(address.scheme)) return undefined;
  if (address.port === 0) return 'port 0';
  return isRefusedPort(address) ? 'port of another service' : undefined;
}

/** The first mode in which a node believes one of these addresses; `undefined` when none does. */
export function reachOf(addresses: readonly Address[]): AddressMode | undefined {
  return MODES.find((mode) => addresses.some((address) => refusalOf(address, mode) === undefined));
}

/** Whether an address of that reach may be advertised to a remote that is seen in that mode. */
export function isWithin(reach: AddressMode, mode: AddressMode): boolean {
  return REACH[reach] <= REACH[mode];
}

/** What a remote that is seen at this address may advertise: no addresses nearer than itself. */
export function modeOfRemote(remote: Address): AddressMode {
  const bytes = remote.hostKind === 'ipv6' ? ipBytes(remote.host) : undefined;
  const name = bytes !== undefined && isIpv4Mapped(bytes) ? classOfBytes(bytes.subarray(12)) : classOf(remote);
  if (name === 'link-local') return 'private';
  return name === 'node' ? 'public' : (MODE_OF[name] ?? 'public');
}

/** The range that the 4 or 16 bytes of a host are in: its class, and how many bits its addresses have in common. */
export function rangeOfBytes(bytes: Uint8Array): { readonly name: AddressClass; readonly bits: number } {
  const ranges = bytes.length === 4 ? IPV4_RANGES : IPV6_RANGES;
  const [, bits, name] = ranges.find(([prefix, count]) => hasPrefix(bytes, prefix, count)) as Range;
  return { name, bits };
}

function classOfBytes(bytes: Uint8Array): AddressClass {
  return rangeOfBytes(bytes).name;
}

/** Whether the first `bits` bits are those of the prefix, whose absent bytes are 0. */
export function hasPrefix(bytes: Uint8Array, prefix: ArrayLike<number>, bits: number): boolean {
  for (let index = 0; index * 8 < bits; index++) {
    const restBits = bits - index * 8;
    const mask = restBits >= 8 ? 0xff : 0x100 - (0x100 >> restBits);
    if (((bytes[index] as number) & mask) !== ((prefix[index] ?? 0) & mask)) return false;
  }
  return true;
}

/** A name that TLS vouches for: a host that it resolves to cannot answer without its certificate. */
function isCertified({ scheme, host }: Address, name: AddressClass): boolean {
  return scheme === 'wss' && name === 'name' && host.includes('.') && !/\.(local|internal|lan|home\.arpa|onion)?\.?$/.test(host);
}

function isWithinMode(address: Address, mode: AddressMode): boolean {
  const wanted = modeOf(address);
  return wanted !== undefined && REACH[wanted] <= REACH[mode];
}

/** Whatever a sender's address can be, whatever it is meant for elsewhere; link-local ones of IPv6 mean something with their zone only. */
function isLinkHost(address: Address): boolean {
  const name = classOf(address);
  return !NO_SENDERS.has(name) && (name !== 'link-local' || address.hostKind === 'ipv4' || address.host.includes('%'));
}

function isRefusedPort({ scheme, port }: Address): boolean {
  if (port < LOW_PORTS_END) return scheme === 'udp' || !LOW_TCP_PORTS.has(port);
  return (scheme === 'udp' ? UDP_REFLECTOR_PORTS : TCP_REFUSED_PORTS).has(port);
}
