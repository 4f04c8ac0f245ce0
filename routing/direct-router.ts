/**
 * @module DirectRouter: knows this node, its neighbours and the services that they offer, and nothing further. It learns from link
 * events alone and exchanges no syncs. Nothing goes back to the node that it came from.
 *
 * Answers are frozen objects that are made when a link comes up, so that asking allocates nothing: a node is one Map lookup, a
 * service one lookup in a cache that every change of a provider clears. What is kept is bounded by links times 256 services.
 */
import { type NodeId, sharesPrefix } from '../core/address/node-id.js';
import { isCloser } from '../core/address/xor-distance.js';
import {
  type LinkMetric,
  LOCAL,
  type NextHop,
  REJECT,
  type RouteAction,
  type RouteExplanation,
  type RouteFanout,
  RouterTable,
} from '../core/api/router-table.js';
import type { RouteRule } from '../core/api/routes.js';
import { explainDirect } from './direct-explain.js';
import { isServiceId, isSoundMetric, type Neighbour, Neighbours } from './links/neighbours.js';

export class DirectRouter extends RouterTable {
  readonly #neighbours = new Neighbours();
  /** Services of this node's own behaviours. */
  readonly #own = new Set<number>();
  /** The answers to `pathToService` and `pathsToServices` without `except`; absent: not asked since the last change. */
  readonly #best = new Map<number, RouteAction>();
  readonly #fanouts = new Map<number, RouteFanout>();

  override get nodeCount(): number {
    return this.#neighbours.size;
  }

  override pathToNode(nodeId: NodeId, except?: number): RouteAction {
    const link = this.#neighbours.of(nodeId);
    if (link !== undefined) return link.connectionId === except ? REJECT : link.action;
    return nodeId === this.self ? LOCAL : REJECT;
  }

  /** The closest by XOR among this node and its neighbours without the one that the message came from. */
  override pathToKey(key: NodeId, except?: number): RouteAction {
    let closest = this.self;
    if (closest === undefined) return REJECT;
    const origin = this.#neighbours.nodeOn(except);
    let action: RouteAction = LOCAL;
    for (const link of this.#neighbours.nodes()) {
      if (link.nodeId === origin || !isCloser(link.nodeId, closest, key)) continue;
      closest = link.nodeId;
      action = link.action;
    }
    return action;
  }

  /** This node, or the neighbour that `isBetter` puts first. `meta` is not used: there is one way to choose. */
  override pathToService(serviceId: number, _meta: number, except?: number): RouteAction {
    const best = this.#best.get(serviceId) ?? this.#choose(serviceId);
    if (except === undefined || best.type !== 'next') return best;
    const origin = this.#neighbours.nodeOn(except);
    return best.nodeId === origin ? (this.#bestProvider(serviceId, origin)?.action ?? REJECT) : best;
  }

  override providersOf(serviceId: number, _meta: number, count: number): readonly NodeId[] {
    const links = [...this.#neighbours.nodes()].filter(({ services }) => services.has(serviceId));
    const nodes = links.sort((one, other) => (isBetter(one, other) ? -1 : 1)).map(({ nodeId }) => nodeId);
    const { self } = this;
    return (this.#own.has(serviceId) && self !== undefined ? [self, ...nodes] : nodes).slice(0, count);
  }

  /** This node if it offers the service, and one copy for every neighbour that does, as far as they are within the scope. */
  override pathsToServices(serviceId: number, scope: number, except?: number, source = this.self): RouteFanout {
    const all = this.#fanouts.get(serviceId) ?? this.#fanOut(serviceId);
    const origin = this.#neighbours.nodeOn(except);
    if (scope === 0 && (origin === undefined || !all.next.some((hop) => hop.nodeId === origin))) return all;
    const isWithin = (nodeId: NodeId | undefined) => nodeId !== undefined && source !== undefined && sharesPrefix(nodeId, source, scope);
    const next = all.next.filter(({ nodeId }) => nodeId !== origin && isWithin(nodeId));
    return { local: all.local && isWithin(this.self), next };
  }

  override linkUp(connectionId: number, nodeId: NodeId): void {
    if (nodeId !== this.self) this.#neighbours.add(connectionId, nodeId);
  }

  override linkMetric(connectionId: number, metric: LinkMetric): void {
    const link = this.#neighbours.on(connectionId);
    if (link === undefined || link.rttMs === metric.rttMs || !isSoundMetric(metric)) return;
    link.rttMs = metric.rttMs;
    for (const serviceId of link.services) this.#best.delete(serviceId);
  }

  override linkServices(connectionId: number, services: readonly number[]): void {
    const link = this.#neighbours.on(connectionId);
    if (link === undefined) return;
    this.#forget(link.services);
    link.services = new Set(services.filter(isServiceId));
    this.#forget(link.services);
  }

  override linkDown(connectionId: number): void {
    const link = this.#neighbours.remove(connectionId);
    if (link === undefined) return;
    this.#forget(link.services);
    const heir = this.#neighbours.of(link.nodeId);
    if (heir !== undefined) this.#forget(heir.services);
  }

  override registerService(serviceId: number): void {
    if (isServiceId(serviceId)) this.#own.add(serviceId);
    this.#forget([serviceId]);
  }

  override unregisterService(serviceId: number): void {
    this.#own.delete(serviceId);
    this.#forget([serviceId]);
  }

  override explain(rule: RouteRule): RouteExplanation {
    return explainDirect(rule, this.pathTo(rule, 0), this.#neighbours);
  }

  #choose(serviceId: number): RouteAction {
    const action = this.#own.has(serviceId) ? LOCAL : (this.#bestProvider(serviceId, undefined)?.action ?? REJECT);
    if (isServiceId(serviceId)) this.#best.set(serviceId, action);
    return action;
  }

  #bestProvider(serviceId: number, origin: NodeId | undefined): Neighbour | undefined {
    let best: Neighbour | undefined;
    for (const link of this.#neighbours.nodes()) {
      if (link.nodeId === origin || !link.services.has(serviceId)) continue;
      if (best === undefined || isBetter(link, best)) best = link;
    }
    return best;
  }

  #fanOut(serviceId: number): RouteFanout {
    const next: NextHop[] = [];
    for (const link of this.#neighbours.nodes()) if (link.services.has(serviceId)) next.push(link.hop);
    const fanout: RouteFanout = Object.freeze({ local: this.#own.has(serviceId), next: Object.freeze(next) });
    if (isServiceId(serviceId)) this.#fanouts.set(serviceId, fanout);
    return fanout;
  }

  #forget(services: Iterable<number>): void {
    for (const serviceId of services) {
      this.#best.delete(serviceId);
      this.#fanouts.delete(serviceId);
    }
  }
}

/** Lower round trip first, an unknown one after all known ones; among equals the smaller node id, so that the order is stable. */
function isBetter(link: Neighbour, than: Neighbour): boolean {
  if (link.rttMs === than.rttMs) return link.nodeId < than.nodeId;
  return than.rttMs === undefined || (link.rttMs !== undefined && link.rttMs < than.rttMs);
}
