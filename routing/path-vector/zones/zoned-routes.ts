/**
 * @module ZonedRoutes: which route a message takes where nodes of one's own zone are known by their ids, and other zones as a whole. What is
 * known, and how it was learned, is behind `Routes`. With zones of no byte at all everybody is in one zone.
 *
 * - A node of the own zone is reached over its own route, any other node over the route to its zone; a neighbour straight.
 * - A key goes to the zone that is closest to it by XOR, and there to the closest node.
 * - A service goes to a provider of the own zone, then of the next greater one, and so on; among equals to the nearest. If a near provider
 *   of another zone were preferred, the message could be handed back.
 */
import { type NodeId, sharesPrefix } from '../../../core/address/node-id.js';
import { LOCAL, type NextHop, REJECT, type RouteAction, type RouteFanout } from '../../../core/api/router-table.js';
import type { NextAction } from '../../links/neighbours.js';
import type { ProviderChoice } from '../rib/provider-choice.js';
import { levelOf, type Zones } from './zones.js';

/** What is known. `Destination` stands for a node or a zone that is known; this node and its own zones are none. */
export interface Routes<Destination> {
  find(id: NodeId): Destination | undefined;
  idOf(destination: Destination): NodeId;
  /** The route for what came over the connection `except`. */
  routeTo(destination: Destination, except: number | undefined): NextAction | undefined;
  costOf(destination: Destination): number;
  /** The closest to the key of all goals and this node; `undefined`: this node. */
  closest(key: NodeId): Destination | undefined;
  /** The same among those that are accepted; this node always is. */
  closestOf(key: NodeId, isAccepted: (destination: Destination) => boolean): Destination | undefined;
  providers(serviceId: number): Iterable<Destination>;
  isProvider(destination: Destination, serviceId: number): boolean;
  /** The provider that is before every other one by `isBefore`, which is always the same order. Kept until a provider changes. */
  nearest(serviceId: number, isBefore: (destination: Destination, than: Destination) => boolean): Destination | undefined;
}

export class ZonedRoutes<Destination> {
  constructor(
    private readonly zones: Zones,
    private readonly routes: Routes<Destination>,
    /** Services of this node's own behaviours. */
    private readonly own: ReadonlySet<number>,
    private readonly choice: ProviderChoice,
  ) {}

  /** First by the zone that is shared, then by cost, then by id. */
  private readonly isNearer = (destination: Destination, than: Destination): boolean => {
    const { routes, zones } = this;
    const [id, otherId] = [routes.idOf(destination), routes.idOf(than)];
    const [depth, otherDepth] = [zones.depthOf(id), zones.depthOf(otherId)];
    if (depth !== otherDepth) return depth > otherDepth;
    const [cost, otherCost] = [routes.costOf(destination), routes.costOf(than)];
    return cost === otherCost ? id < otherId : cost < otherCost;
  };

  pathToNode(nodeId: NodeId, except: number | undefined): RouteAction {
    if (nodeId === this.zones.self) return LOCAL;
    const destination = this.routes.find(nodeId);
    const straight = destination === undefined ? undefined : this.routes.routeTo(destination, except);
    return straight ?? this.pathToZone(nodeId, except);
  }

  pathToKey(key: NodeId, except: number | undefined): RouteAction {
    const closest = this.routes.closest(key);
    if (closest === undefined) return LOCAL;
    const route = this.routes.routeTo(closest, except);
    if (route !== undefined) return route;
    const other = this.routes.closestOf(key, (destination) => this.routes.routeTo(destination, except) !== undefined);
    return other === undefined ? LOCAL : (this.routes.routeTo(other, except) as NextAction);
  }

  pathToService(serviceId: number, except: number | undefined): RouteAction {
    if (this.own.has(serviceId)) return LOCAL;
    const nearest = this.nearest(serviceId, except);
    return nearest === undefined ? REJECT : (this.routes.routeTo(nearest, except) as NextAction);
  }

  /** One copy for every neighbour that is the next hop to providers, or zones of providers, within the scope. */
  pathsToServices(serviceId: number, scope: number, except: number | undefined, source: NodeId): RouteFanout {
    const { routes, zones } = this;
    const next = new Map<NodeId, NextHop>();
    for (const destination of routes.providers(serviceId)) {
      const route = sharesPrefix(routes.idOf(destination), source, scope) ? routes.routeTo(destination, except) : undefined;
      if (route !== undefined && !next.has(route.nodeId))
        next.set(route.nodeId, { connectionId: route.connectionId, nodeId: route.nodeId });
    }
    return { local: this.own.has(serviceId) && sharesPrefix(zones.self, source, scope), next: [...next.values()] };
  }

  /** A provider of the own zone, if there is one: others are not known by their ids. */
  providerOf(serviceId: number, preferred: NodeId | undefined): NodeId | undefined {
    if (this.own.has(serviceId)) return this.zones.self;
    const { routes, choice } = this;
    const kept = preferred === undefined ? undefined : routes.find(preferred);
    if (kept !== undefined && this.isNode(kept) && routes.isProvider(kept, serviceId)) return preferred;
    const nearest = routes.nearest(serviceId, this.isNearer);
    if (nearest === undefined || !this.isNode(nearest)) return undefined;
    if (choice.isNearest) return routes.idOf(nearest);
    const inside = [...routes.providers(serviceId)].filter((destination) => this.isNode(destination));
    return routes.idOf(
      choice.pick(
        serviceId,
        inside.sort((one, other) => (this.isNearer(one, other) ? -1 : 1)),
      ),
    );
  }

  /** What a message for the node, or the nearest provider, goes to; for people. */
  destinationOf(nodeId: NodeId): Destination | undefined {
    const destination = this.routes.find(nodeId);
    if (destination !== undefined && this.routes.routeTo(destination, undefined) !== undefined) return destination;
    const zone = this.zones.zoneOf(nodeId);
    return zone === undefined ? undefined : this.routes.find(zone);
  }

  nearest(serviceId: number, except: number | undefined): Destination | undefined {
    const { routes } = this;
    if (except === undefined) return routes.nearest(serviceId, this.isNearer);
    let nearest: Destination | undefined;
    for (const destination of routes.providers(serviceId)) {
      if (nearest !== undefined && !this.isNearer(destination, nearest)) continue;
      if (routes.routeTo(destination, except) !== undefined) nearest = destination;
    }
    return nearest;
  }

  private pathToZone(nodeId: NodeId, except: number | undefined): RouteAction {
    const zone = this.zones.zoneOf(nodeId);
    const destination = zone === undefined ? undefined : this.routes.find(zone);
    return destination === undefined ? REJECT : (this.routes.routeTo(destination, except) ?? REJECT);
  }

  private isNode(destination: Destination): boolean {
    const id = this.routes.idOf(destination);
    return this.zones.isInside(id) && levelOf(id) === undefined;
  }
}
