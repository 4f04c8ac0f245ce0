/**
 * @module NodeState: what is decided about one node, what a neighbour tells of one, and how two ways compare. It decides nothing.
 */
import { COST_NONE } from './metric.js';
import type { RouteLink } from './route-link.js';
import { NO_SERVICES } from './service-sets.js';

/** What is decided about one node. */
export class NodeState {
  /** The link that is taken; absent: the node cannot be reached. */
  link: RouteLink | undefined = undefined;
  /** Links with an entry for it. */
  wayCount = 0;
  /** The name of the path that is taken, and since which round. */
  pathName = 0;
  sinceRound = 0;
  services = NO_SERVICES;
  /** The least cost of the last rounds, and the newest sequence number. */
  floor = COST_NONE;
  sequence = 0;
  /** The round in which the floor rises to the present cost; 0: it need not. */
  dueRound = 0;
  isHeld = false;
}

/** What a neighbour tells of a node. */
export interface Entry {
  readonly path: number;
  readonly latency: number;
  readonly loss: number;
  readonly bandwidth: number;
  /** Held by the caller for the book. */
  readonly services: number;
  readonly sequence: number;
  /** The lowest bits of the session that brought it. */
  readonly session: number;
}

/** At equal cost fewer hops, then more bandwidth (ATM-50); then the order of the links decides. */
export function isBetter(link: RouteLink, than: RouteLink, node: number): boolean {
  const [cost, other] = [link.columns.costOf(node), than.columns.costOf(node)];
  if (cost !== other) return cost < other;
  const [hops, otherHops] = [link.hopCount(node), than.hopCount(node)];
  return hops !== otherHops ? hops < otherHops : link.columns.bandwidthOf(node) > than.columns.bandwidthOf(node);
}

/** Sequence numbers go round: the newer of two is less than half the circle ahead (RFC 1982). */
export function isNewer(sequence: number, than: number): boolean {
  return ((sequence - than) | 0) > 0;
}

/** Whether the way over the link avoids a node, and may be told to it if that is wanted. */
export function leadsAround(link: RouteLink, node: number, peer: number, isToTell: boolean): boolean {
  return (!isToTell || link.isAnnounced) && !link.paths.contains(link.columns.pathOf(node), peer);
}
