/**
 * @module Entry: what a neighbour advertises of one node, and how two routes compare. It decides nothing.
 */
import type { RouteLink } from './route-link.js';

/** What a neighbour advertises of a node. */
export interface Entry {
  readonly path: number;
  readonly latency: number;
  readonly loss: number;
  readonly bandwidth: number;
  /** Held by the caller for the RIB. */
  readonly services: number;
  readonly sequence: number;
  /** Advertised in the neighbour's present session. */
  readonly isCurrent: boolean;
}

/** At equal cost fewer hops, then more bandwidth; then the order of the links decides. */
export function isBetter(link: RouteLink, than: RouteLink, node: number): boolean {
  const cost = link.ribIn.costOf(node);
  const otherCost = than.ribIn.costOf(node);
  if (cost !== otherCost) return cost < otherCost;
  const hops = link.hopCount(node);
  const otherHops = than.hopCount(node);
  return hops !== otherHops ? hops < otherHops : link.bandwidthOver(node) > than.bandwidthOver(node);
}

/** Sequence numbers go round: the newer of two is less than half the circle ahead (RFC 1982). */
export function isNewer(sequence: number, than: number): boolean {
  return ((sequence - than) | 0) > 0;
}

/** Whether the route over the link avoids a node, and may be advertised to it if that is wanted. */
export function leadsAround(link: RouteLink, node: number, peer: number, isToAdvertise: boolean): boolean {
  return (!isToAdvertise || link.isAnnounced) && !link.paths.contains(link.ribIn.pathOf(node), peer);
}
