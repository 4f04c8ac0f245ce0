/**
 * @module Claims: from texts that a remote sent to addresses, and from this node's addresses to texts for a remote. Claims are hints:
 * whether an address may be dialled is decided by the dialer. Pure.
 */
import { type Address, type NodeId, tryParseAddress } from '../../core/index.js';
import { HANDSHAKE_LIMITS } from './messages.js';

const ANY_IPV4 = '0.0.0.0';
const ANY_IPV6 = '::';

/** The address that a remote named for `nodeId`; `undefined` for what is none, or is another node's. The node id itself is left out. */
export function claimedAddress(text: string | undefined, nodeId: NodeId): Address | undefined {
  const address = tryParseAddress(text);
  if (address === undefined || (address.nodeId !== undefined && address.nodeId !== nodeId)) return undefined;
  return address.withNodeId(undefined);
}

/** As `claimedAddress` for a list, each address once, in its order. */
export function claimedAddresses(texts: readonly string[], nodeId: NodeId): readonly Address[] {
  const byText = new Map<string, Address>();
  for (const text of texts) {
    const address = claimedAddress(text, nodeId);
    if (address !== undefined) byText.set(address.text, address);
  }
  return [...byText.values()];
}

/**
 * Where a remote can reach this node, from where it listens: the host of an any-address becomes that of the first
 * of `seenAt` that fits, which are the connection's own end and the address at which the remote sees this node. Without one the
 * address is left out.
 */
export function addressesToTell(own: readonly Address[], seenAt: readonly (Address | undefined)[]): readonly string[] {
  const texts = own.map((address) => textToTell(isAny(address) ? reachable(address, seenAt) : address));
  const known = texts.filter((text) => text !== undefined && text.length <= HANDSHAKE_LIMITS.addressCharactersMax) as string[];
  return [...new Set(known)].slice(0, HANDSHAKE_LIMITS.addressesMax);
}

/** An address for a remote: without node id, and not at all with a zone, which has a meaning on this machine only. */
export function textToTell(address: Address | undefined): string | undefined {
  return address === undefined || address.host.includes('%') ? undefined : address.withNodeId(undefined).text;
}

function reachable(any: Address, seenAt: readonly (Address | undefined)[]): Address | undefined {
  const fitting = seenAt.find((address) => address !== undefined && isHostFor(any, address));
  return fitting && any.withHost(fitting.host);
}

/** Sockets of `[::]` take both families, those of `0.0.0.0` take one. */
function isHostFor(any: Address, address: Address): boolean {
  const isFamily = address.hostKind === 'ipv4' || (address.hostKind === 'ipv6' && any.hostKind === 'ipv6');
  return isFamily && !isAny(address) && !address.host.includes('%');
}

function isAny({ host }: Address): boolean {
  return host === ANY_IPV4 || host === ANY_IPV6;
}
