/**
 * @module Observations: what is known of how this node is seen from elsewhere, and what follows from it. Only remotes outside of this
 * node's own network count: whoever connects from there has proven a path. What those that this node has dialled say is believed of two
 * of them at least, on different hosts. Pure.
 */
import type { Address } from '../../address/address.js';
import { classOf, modeOf } from '../../address/address-class.js';
import type { NodeId } from '../../address/node-id.js';
import type { NatMapping, Reachability } from '../../api/reachability.js';
import type { LinkKind } from '../../api/transport.js';

/** One remote that is connected, or was a moment ago. */
export interface Observation {
  readonly byNodeId: NodeId;
  /** `incoming`: it has connected to this node, at the address that it says. */
  readonly direction: 'incoming' | 'outgoing';
  readonly kind: LinkKind;
  readonly remoteAddress: Address;
  /** This node's end; absent where its host is not known. */
  readonly localAddress: Address | undefined;
  /** Where it says that it sees this node. */
  readonly seenAt: Address;
}

export type Verdict = Omit<Reachability, 'sinceMs'>;

/** Whose word counts at least. */
const OBSERVERS_MIN = 2;

/** `hasRelay`: a neighbour relays circuits. */
export function verdictOf(all: readonly Observation[], hasRelay: boolean): Verdict {
  const outside = all.filter(({ remoteAddress }) => isOutside(remoteAddress));
  const incoming = outside.filter(({ direction }) => direction === 'incoming');
  const nat = mappingOf(outside);
  if (incoming.length > 0) return reached(incoming, nat);
  const word = outside.filter(({ localAddress }) => localAddress !== undefined);
  const hosts = new Set(word.map(({ remoteAddress }) => remoteAddress.host)).size;
  const missing = `${hosts} of ${OBSERVERS_MIN} remotes outside of its network say where they see it`;
  if (hosts < OBSERVERS_MIN) return verdict('unknown', nat, word, `nobody has connected from outside, and ${missing}`);
  const translated = word.filter((observation) => !isOwn(observation, false));
  if (translated.length === 0)
    return verdict('unknown', nat, word, 'it has an address of its own, and nobody has connected to it from outside');
  const isPunchable = nat === 'endpoint-independent';
  if (hasRelay && !isPunchable) return verdict('relayed', nat, translated, 'it is behind a NAT, and is reached over circuits');
  return verdict(
    'nat',
    nat,
    translated,
    `it is behind a NAT${isPunchable ? ' that maps a socket to one address for all' : ', and no neighbour relays'}`,
  );
}

/** Sockets with two remotes on different hosts say how they are mapped; of several, the hardest counts. */
export function mappingOf(all: readonly Observation[]): NatMapping {
  const bySocket = new Map<string, Observation[]>();
  for (const observation of all) {
    if (observation.kind !== 'datagram' || observation.localAddress === undefined) continue;
    // Its host is said in several ways: as bound, as any, or as that of an interface; and each family has a mapping of its own.
    const socket = `${observation.localAddress.port} ${observation.seenAt.hostKind}`;
    bySocket.set(socket, [...(bySocket.get(socket) ?? []), observation]);
  }
  const mappings = [...bySocket.values()].map(mappingOfSocket);
  return (['address-dependent', 'endpoint-independent', 'none'] as const).find((mapping) => mappings.includes(mapping)) ?? 'unknown';
}

function mappingOfSocket(observations: readonly Observation[]): NatMapping {
  if (new Set(observations.map(({ remoteAddress }) => remoteAddress.host)).size < OBSERVERS_MIN) return 'unknown';
  if (new Set(observations.map(({ seenAt }) => seenAt.text)).size > 1) return 'address-dependent';
  return observations.every((observation) => isOwn(observation, true)) ? 'none' : 'endpoint-independent';
}

function reached(incoming: readonly Observation[], nat: NatMapping): Verdict {
  const own = incoming.filter((observation) => isOwn(observation, true));
  if (own.length > 0) return verdict('public', nat, own, 'others have connected to an address that it has itself');
  return verdict('mapped', nat, incoming, 'others have connected to an address that leads to it and is not its own');
}

function verdict(kind: Verdict['kind'], nat: NatMapping, from: readonly Observation[], reason: string): Verdict {
  const addresses = [...new Map(from.map(({ seenAt }) => [seenAt.text, seenAt])).values()];
  return { kind, nat, observers: from.map(({ byNodeId }) => byNodeId), addresses, reason };
}

function isOutside(remote: Address): boolean {
  return modeOf(remote) === 'public' || classOf(remote) === 'virtual';
}

/** The port of a dial over TCP is the system's choice and means nothing. */
function isOwn({ localAddress, seenAt }: Observation, withPort: boolean): boolean {
  return localAddress?.host === seenAt.host && (!withPort || localAddress.port === seenAt.port);
}
