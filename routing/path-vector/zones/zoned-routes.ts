/**
 * @module ZonedAnswers: which way a message takes where nodes of one's own zone are known by their ids, and other zones as a whole. What is
 * known, and how it was learned, is behind `Ways`. With zones of no byte at all everybody is in one zone.
 *
 * - A node of the own zone is reached over its own way, any other node over the way to its zone; a neighbour straight.
 * - A key goes to the zone that is closest to it by XOR, and there to the closest node (ATM-47).
 * - A service goes to a provider of the own zone, then of the next greater one, and so on; among equals to the nearest. Whoever preferred
 *   a near provider of another zone could have the message handed back.
 */
import { type NodeId, sharesPrefix } from '../../../core/address/node-id.js';
import { LOCAL, type NextHop, REJECT, type RouteAction, type RouteFanout } from '../../../core/api/router-table.js';
import type { NextAction } from '../../links/neighbours.js';
import type { ProviderChoice } from '../rib/provider-choice.js';
import { levelOf, type Zones } from './zones.js';

/** What is known. `Goal` stands for a node or a zone that is known; this node and its own zones are none. */
export interface Ways<Goal> {
  find(id: NodeId): Goal | undefined;
  idOf(goal: Goal): NodeId;
  /** The way for what came over the connection `except`. */
  wayTo(goal: Goal, except: number | undefined): NextAction | undefined;
  costOf(goal: Goal): number;
  /** The closest to the key of all goals and this node; `undefined`: this node. */
  closest(key: NodeId): Goal | undefined;
  /** The same among those that are accepted; this node always is. */
  closestOf(key: NodeId, isAccepted: (goal: Goal) => boolean): Goal | undefined;
  providers(serviceId: number): Iterable<Goal>;
  isProvider(goal: Goal, serviceId: number): boolean;
  /** The provider that is before every other one by `isBefore`, which is always the same order. Kept until a provider changes. */
  nearest(serviceId: number, isBefore: (goal: Goal, than: Goal) => boolean): Goal | undefined;
}

export class ZonedAnswers<Goal> {
  constructor(
    private readonly zones: Zones,
    private readonly ways: Ways<Goal>,
    /** Services of this node's own behaviours. */
    private readonly own: ReadonlySet<number>,
    private readonly choice: ProviderChoice,
  ) {}

  /** First by the zone that is shared, then by cost, then by id. */
  private readonly isNearer = (goal: Goal, than: Goal): boolean => {
    const { ways, zones } = this;
    const [id, otherId] = [ways.idOf(goal), ways.idOf(than)];
    const [depth, otherDepth] = [zones.depthOf(id), zones.depthOf(otherId)];
    if (depth !== otherDepth) return depth > otherDepth;
    const [cost, otherCost] = [ways.costOf(goal), ways.costOf(than)];
    return cost === otherCost ? id < otherId : cost < otherCost;
  };

  pathToNode(nodeId: NodeId, except: number | undefined): RouteAction {
    if (nodeId === this.zones.self) return LOCAL;
    const goal = this.ways.find(nodeId);
    const straight = goal === undefined ? undefined : this.ways.wayTo(goal, except);
    return straight ?? this.pathToZone(nodeId, except);
  }

  pathToKey(key: NodeId, except: number | undefined): RouteAction {
    const closest = this.ways.closest(key);
    if (closest === undefined) return LOCAL;
    const way = this.ways.wayTo(closest, except);
    if (way !== undefined) return way;
    const other = this.ways.closestOf(key, (goal) => this.ways.wayTo(goal, except) !== undefined);
    return other === undefined ? LOCAL : (this.ways.wayTo(other, except) as NextAction);
  }

  pathToService(serviceId: number, except: number | undefined): RouteAction {
    if (this.own.has(serviceId)) return LOCAL;
    const nearest = this.nearest(serviceId, except);
    return nearest === undefined ? REJECT : (this.ways.wayTo(nearest, except) as NextAction);
  }

  /** One copy for every neighbour on the way to providers, or zones of providers, within the scope. */
  pathsToServices(serviceId: number, scope: number, except: number | undefined, source: NodeId): RouteFanout {
    const { ways, zones } = this;
    const next = new Map<NodeId, NextHop>();
    for (const goal of ways.providers(serviceId)) {
      const way = sharesPrefix(ways.idOf(goal), source, scope) ? ways.wayTo(goal, except) : undefined;
      if (way !== undefined && !next.has(way.nodeId)) next.set(way.nodeId, { connectionId: way.connectionId, nodeId: way.nodeId });
    }
    return { local: this.own.has(serviceId) && sharesPrefix(zones.self, source, scope), next: [...next.values()] };
  }

  /** A provider of the own zone, if there is one: others are not known by their ids. */
  providerOf(serviceId: number, preferred: NodeId | undefined): NodeId | undefined {
    if (this.own.has(serviceId)) return this.zones.self;
    const { ways, choice } = this;
    const kept = preferred === undefined ? undefined : ways.find(preferred);
    if (kept !== undefined && this.isNode(kept) && ways.isProvider(kept, serviceId)) return preferred;
    const nearest = ways.nearest(serviceId, this.isNearer);
    if (nearest === undefined || !this.isNode(nearest)) return undefined;
    if (choice.isNearest) return ways.idOf(nearest);
    const inside = [...ways.providers(serviceId)].filter((goal) => this.isNode(goal));
    return ways.idOf(
      choice.pick(
        serviceId,
        inside.sort((one, other) => (this.isNearer(one, other) ? -1 : 1)),
      ),
    );
  }

  /** What a message for the node, or the nearest provider, goes to; for people. */
  goalOf(nodeId: NodeId): Goal | undefined {
    const goal = this.ways.find(nodeId);
    if (goal !== undefined && this.ways.wayTo(goal, undefined) !== undefined) return goal;
    const zone = this.zones.zoneOf(nodeId);
    return zone === undefined ? undefined : this.ways.find(zone);
  }

  nearest(serviceId: number, except: number | undefined): Goal | undefined {
    const { ways } = this;
    if (except === undefined) return ways.nearest(serviceId, this.isNearer);
    let nearest: Goal | undefined;
    for (const goal of ways.providers(serviceId)) {
      if (nearest !== undefined && !this.isNearer(goal, nearest)) continue;
      if (ways.wayTo(goal, except) !== undefined) nearest = goal;
    }
    return nearest;
  }

  private pathToZone(nodeId: NodeId, except: number | undefined): RouteAction {
    const zone = this.zones.zoneOf(nodeId);
    const goal = zone === undefined ? undefined : this.ways.find(zone);
    return goal === undefined ? REJECT : (this.ways.wayTo(goal, except) ?? REJECT);
  }

  private isNode(goal: Goal): boolean {
    const id = this.ways.idOf(goal);
    return this.zones.isInside(id) && levelOf(id) === undefined;
  }
}
