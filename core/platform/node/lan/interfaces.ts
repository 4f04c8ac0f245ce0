/**
 * @module LanInterfaces: which of the machine's addresses multicast goes out from, and which hosts are on the link of each. IPv4: every
 * address. IPv6: the link-local one of every interface that leads out of the machine, because that is where such packets come from. Pure
 * but for the block list of `node:net`, which is a calculator.
 */
import { BlockList } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';

/** At the bound further addresses are left out: a machine with many containers has many. */
export const LAN_FACES_MAX = 16;

export interface LanFace {
  /** Unique among those of a machine. */
  readonly key: string;
  readonly family: 'udp4' | 'udp6';
  /** As in `Address.host`. */
  readonly host: string;
  /** What the system's multicast calls want. */
  readonly multicastInterface: string;
  /** Whether a packet from there has come over this link: no router passes such packets on (RFC 6762, section 11). */
  isOnLink(host: string): boolean;
}

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** `names`: only these interfaces; absent: all. */
export function facesOf(interfaces: Interfaces, names?: readonly string[]): readonly LanFace[] {
  const wanted = Object.entries(interfaces).filter(([name]) => names === undefined || names.includes(name));
  const faces = wanted.flatMap(([name, infos = []]) =>
    infos.flatMap((info) => (info.family === 'IPv4' ? ipv4Face(name, info) : ipv6Face(name, info))),
  );
  return faces.slice(0, LAN_FACES_MAX);
}

function ipv4Face(name: string, { address, cidr }: NetworkInterfaceInfo): LanFace[] {
  const prefix = Number(cidr?.split('/')[1] ?? 32);
  const link = new BlockList();
  link.addSubnet(address, prefix);
  return [
    {
      ...{ key: `udp4 ${name} ${address}/${prefix}`, family: 'udp4', host: address, multicastInterface: address },
      isOnLink: (host) => link.check(host),
    },
  ];
}

function ipv6Face(name: string, info: NetworkInterfaceInfo): LanFace[] {
  if (info.family !== 'IPv6' || info.internal || !isLinkLocal(info.address)) return [];
  const zone = process.platform === 'win32' ? String(info.scopeid) : name;
  return [
    {
      ...{ key: `udp6 ${name} ${info.address}`, family: 'udp6', host: `${info.address}%${zone}`, multicastInterface: `::%${zone}` },
      isOnLink: (host) => isLinkLocal(host) && host.endsWith(`%${zone}`),
    },
  ];
}

function isLinkLocal(host: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(host);
}
