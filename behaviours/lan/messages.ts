/**
 * @module Messages of LAN discovery: one, the announcement: CBOR `{ id, at }`, the node's id and the addresses where it listens, sealed for
 * the members of the space. The hosts of the addresses mean nothing: the receiver takes the host that the packet came from, so that
 * nobody can direct others at a third host. Pure.
 */
import {
  Address,
  decodeValue,
  encodeValue,
  LAN_PORT_LIMITS,
  type NodeId,
  nodeIdFromBytes,
  nodeIdToBytes,
  tryParseAddress,
} from '../../core/index.js';
import { anything, bytes, fields, list, messageReader } from '../../core/schema/index.js';

const ID_BYTES = 32;
const SEAL_BYTES = 32;
/** Stands for the sender's own host. */
const ANY_HOST = '0.0.0.0';
const ADDRESSES_MAX = 8;
const ANY_HOSTS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

export interface Announcement {
  readonly nodeId: NodeId;
  /** Their hosts mean nothing. */
  readonly addresses: readonly Address[];
}

/** In bytes, before it is sealed. Addresses beyond what a packet carries are left out. */
export function announcementToBytes({ nodeId, addresses }: Announcement): Uint8Array {
  const id = nodeIdToBytes(nodeId);
  const texts = addresses.map((address) => address.withNodeId(undefined).withHost(ANY_HOST).text);
  const at = [...new Set(texts)].slice(0, ADDRESSES_MAX);
  for (;;) {
    const encoded = encodeValue({ id, at });
    if (encoded.length + SEAL_BYTES <= LAN_PORT_LIMITS.announcementBytesMax) return encoded;
    at.pop();
  }
}

const BODY = messageReader(fields({ id: bytes(ID_BYTES), at: list(anything, ADDRESSES_MAX) }));

/** What a member of the space has sealed; `undefined` when it is malformed. Addresses that this node cannot read are left out. */
export function announcementFromBytes(sealed: Uint8Array): Announcement | undefined {
  const body = BODY(decodeValue(sealed)?.value);
  const addresses = body?.at.map(tryParseAddress).filter((address) => address !== undefined && address.hostKind !== 'node');
  return body && { nodeId: nodeIdFromBytes(body.id), addresses: addresses as readonly Address[] };
}

/** Of the addresses where this node listens, those that lead to it by that host of its machine. */
export function reachableAt(host: string, listening: readonly Address[]): readonly Address[] {
  const isIpv4 = !host.includes(':');
  return listening.filter((address) => {
    if (address.hostKind === 'node') return false;
    return address.host === host || (ANY_HOSTS.has(address.host) && (isIpv4 || address.hostKind === 'ipv6'));
  });
}

/** The same places on the host that announced them; none when it is no host that an address can have. */
export function placesAt(host: string, addresses: readonly Address[]): readonly Address[] {
  try {
    return addresses.map(({ scheme, port, name }) => Address.of({ scheme, host, port, name }));
  } catch {
    return [];
  }
}
