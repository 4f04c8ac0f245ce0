/**
 * @module Proof: shows a neighbour where this node sends datagrams from: by probes with a token that the neighbour awaits, to where it takes them.
 * And where this node takes datagrams in its own network.
 */

import { classOf, modeOf } from '../../core/address/address-class.js';
import type { Address, BehaviorAgent, Cancellable, Connection, NodeView, Timeline } from '../../core/index.js';
import { NEAR_MAX } from './messages.js';

/** When a probe is sent: one may be lost. */
const PROBES_AT_MS = [0, 250, 750, 1_500];
const ADDRESSES_MAX = 4;

/** Returns what is to be cancelled when the neighbour has answered; the probes are work of `owner`. */
export function prove(
  agent: BehaviorAgent,
  {
    timeline,
    owner,
    token,
    at,
    lifetimeMs,
  }: {
    readonly timeline: Timeline<BehaviorAgent>;
    readonly owner: object;
    readonly token: Uint8Array;
    readonly at: readonly Address[];
    readonly lifetimeMs: number;
  },
): Cancellable {
  const awaited = agent.awaitProbe(token, lifetimeMs, () => {});
  const send = (later: BehaviorAgent) => {
    for (const address of at) later.probe(address, token);
  };
  for (const delayMs of PROBES_AT_MS) timeline.add(agent, delayMs, send, owner);
  return awaited;
}

/**
 * Where a neighbour takes datagrams: at the other end of the connection, or at what it has advertised of the same host, so that nobody has this node
 * send to others.
 */
export function datagramAddresses(agent: BehaviorAgent, { nodeId }: Connection, present: Address): readonly Address[] {
  if (isForDatagrams(present)) return [present.withNodeId(undefined)];
  const books = agent.ports('addressSource').filter(({ behavior }) => behavior === 'addressbook');
  return books
    .flatMap(({ use }) => use((source) => source.addressesOf(nodeId, () => {}))?.answer ?? [])
    .filter((address) => isForDatagrams(address) && address.host === present.host)
    .slice(0, ADDRESSES_MAX)
    .map((address) => address.withNodeId(undefined));
}

/** Where a neighbour is now: a connection keeps the address at which it began. */
export function addressOf(view: NodeView, { id, remoteAddress }: Connection): Address {
  return view.links().find(({ connectionId }) => connectionId === id)?.remoteAddress ?? remoteAddress;
}

/** Where this node listens for datagrams in its own network, for others in there. */
export function nearAddresses({ addresses }: BehaviorAgent, { localAddress }: Connection): readonly Address[] {
  // Sockets of `[::]` take both families.
  const own = addresses
    .filter(isForDatagrams)
    .map((address) => (classOf(address) === 'unspecified' ? localAddress && address.withHost(localAddress.host) : address));
  const near = own.filter((address) => address !== undefined && modeOf(address) === 'private') as Address[];
  return [...new Map(near.map((address) => [address.text, address])).values()].slice(0, NEAR_MAX);
}

export function isForDatagrams({ scheme }: Address): boolean {
  return scheme === 'udp';
}
