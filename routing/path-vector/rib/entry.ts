/**
 * @module Entry: what a neighbour tells of one node, and how two ways compare. It decides nothing.
 */
import type { RouteLink } from './route-link.js';

/** What a neighbour tells of a node. */
export interface Entry {
  readonly path: number;
  readonly latency: number;
  readonly loss: number;
  readonly bandwidth: number;
  /** Held by the caller for the book. */
  readonly services: number;
  readonly sequence: number;
  /** Told in the neighbour's present session. */
  readonly isCurrent: boolean;
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
