/**
 * @module Reachability: how others can reach this node, as far as it can know: from who connects to it, and from where those whom it connects
 * to say that they see it.
 */
import type { Address } from '../address/address.js';
import type { NodeId } from '../address/node-id.js';

/**
 * `public`: others connect to addresses that it has itself. `mapped`: others connect to addresses of a NAT or a proxy that leads to it. `nat`: it
 * is behind a NAT, and nobody has connected to it. `relayed`: that, and a neighbour relays: it is reached over circuits. `unknown`: too few have
 * been seen to tell.
 */
export type ReachabilityKind = 'public' | 'mapped' | 'nat' | 'relayed' | 'unknown';

/**
 * How the NAT maps one socket for different remotes (RFC 4787), from datagram links with two remotes at least: `endpoint-independent`, to one
 * address for all (cone NATs); `address-dependent`, to another for each (symmetric NATs); `none`: to its own.
 */
export type NatMapping = 'none' | 'endpoint-independent' | 'address-dependent' | 'unknown';

/** How this node can be reached. */
export interface Reachability {
  readonly kind: ReachabilityKind;
  readonly nat: NatMapping;
  /** For how long kind and mapping have been so. */
  readonly sinceMs: number;
  /** On whose word or whose connections that rests. Words are claims of authenticated nodes. */
  readonly observers: readonly NodeId[];
  /** Where they see this node, or have connected to it, each once. */
  readonly addresses: readonly Address[];
  /** One sentence that names the reason, and what is missing. */
  readonly reason: string;
}
