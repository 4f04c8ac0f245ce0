/**
 * @module PathVectorRouter: exact routes to every node and service of a mesh, learned from the neighbours by syncs. Each route is known with
 * its whole path, so that none goes in a circle, and with latency, loss and bandwidth, from which its cost follows. Good to some 2,000
 * nodes. How it learns stands in `learning-router.ts`; `docs/path-vector.md` explains it. Without syncs it knows its neighbours alone.
 *
 * Everything is bounded (`options.ts`): nodes, paths of each link, hops. At a bound the new is refused, and neighbours always find room.
 * What a neighbour advertises is believed, within its form: a neighbour that lies can draw traffic to itself, as in every distance-vector
 * protocol among members of one network.
 */
import { type NodeId, sharesPrefix } from '../../core/address/node-id.js';
import {
  type ClosestNodes,
  LOCAL,
  type NextHop,
  REJECT,
  type RouteAction,
  type RouteExplanation,
  type RouteFanout,
} from '../../core/api/router-table.js';
import type { RouteRule } from '../../core/api/routes.js';
import { explainPath } from './explain.js';
import { LearningRouter } from './learning-router.js';
import { type PathVectorOptions, readPathVectorOptions } from './rib/options.js';
import { ProviderChoice } from './rib/provider-choice.js';
import type { Rib } from './rib/rib.js';
import { KIND } from './session/format.js';
import { nameOf, SELF } from './structures/node-list.js';

const NOWHERE: RouteFanout = Object.freeze({ local: false, next: Object.freeze([]) });

export class PathVectorRouter extends LearningRouter {
  override readonly kind = KIND;
  #choice: ProviderChoice | undefined;

  /** Throws `OPTION_INVALID`, naming the field. */
  constructor(options: PathVectorOptions = {}) {
    super(readPathVectorOptions(options));
  }

  override attach(self: NodeId): void {
    super.attach(self);
    this.#choice = new ProviderChoice(this.settings.balance, nameOf(self));
  }

  override pathToNode(nodeId: NodeId, except?: number): RouteAction {
    const rib = this.rib;
    const node = rib?.nodes.find(nodeId);
    if (rib === undefined || node === undefined) return REJECT;
    if (node === SELF) return LOCAL;
    return this.routeTo(rib, node, except)?.action ?? REJECT;
  }

  override pathAround(nodeId: NodeId, except: number): RouteAction {
    const action = this.pathToNode(nodeId, except);
    const node = this.rib?.nodes.find(nodeId);
    return action.type !== 'reject' || node === undefined ? action : (this.routeBeside(node, except)?.action ?? REJECT);
  }

  /** Towards the closest of all nodes that can be reached, this one included. */
  override pathToKey(key: NodeId, except?: number): RouteAction {
    const rib = this.rib;
    if (rib === undefined) return REJECT;
    const closest = rib.keys.closest(key);
    if (closest === SELF) return LOCAL;
    const route = this.routeTo(rib, closest, except);
    if (route !== undefined) return route.action;
    const other = rib.keys.closestOf(key, (node) => node === SELF || this.routeTo(rib, node, except) !== undefined);
    return other === undefined || other === SELF ? LOCAL : (this.routeTo(rib, other, except)?.action ?? REJECT);
  }

  /** This node, or the nearest provider. `meta` is not used. */
  override pathToService(serviceId: number, _meta: number, except?: number): RouteAction {
    if (this.own.has(serviceId)) return LOCAL;
    const rib = this.rib;
    const node = rib === undefined ? undefined : this.#nearest(rib, serviceId, except);
    return rib === undefined || node === undefined ? REJECT : (this.routeTo(rib, node, except)?.action ?? REJECT);
  }

  /** This node if it is a provider, and one copy for every neighbour on the path to others, as far as they are within the scope. */
  override pathsToServices(serviceId: number, scope: number, except?: number, source = this.self): RouteFanout {
    const rib = this.rib;
    if (rib === undefined || source === undefined) return NOWHERE;
    const next = new Map<number, NextHop>();
    for (const node of rib.providers.of(serviceId)) {
      const route = sharesPrefix(rib.nodes.idOf(node), source, scope) ? this.routeTo(rib, node, except) : undefined;
      if (route !== undefined) next.set(route.node, route.hop);
    }
    const isWithin = sharesPrefix(rib.nodes.idOf(SELF), source, scope);
    return { local: isWithin && this.own.has(serviceId), next: [...next.values()] };
  }

  /** As the option `balance` says; `preferred`, as long as it is a provider that can be reached. This node, if it is one itself. */
  override providerOf(serviceId: number, _meta: number, preferred?: NodeId): NodeId | undefined {
    const rib = this.rib;
    if (rib === undefined || this.own.has(serviceId)) return this.self;
    const providers = rib.providers.of(serviceId);
    const kept = preferred === undefined ? undefined : rib.nodes.find(preferred);
    if (kept !== undefined && providers.has(kept)) return preferred;
    const nearest = this.#nearest(rib, serviceId, undefined);
    if (nearest === undefined) return undefined;
    const candidates = this.settings.balance === 'nearest' ? [nearest] : inOrder(rib, providers);
    return rib.nodes.idOf(this.#choice?.pick(serviceId, candidates) ?? nearest);
  }

  override providersOf(serviceId: number, _meta: number, count: number): readonly NodeId[] {
    const { rib, self } = this;
    if (rib === undefined || self === undefined) return [];
    const others = inOrder(rib, rib.providers.of(serviceId)).map((node) => rib.nodes.idOf(node));
    return (this.own.has(serviceId) ? [self, ...others] : others).slice(0, count);
  }

  /** Complete while all neighbours have sent all that they know, and no bound has left anything of it out. */
  override closest(key: NodeId, count: number): ClosestNodes {
    const nodes: NodeId[] = [];
    const { rib } = this;
    if (rib === undefined) return { nodes, isComplete: false };
    for (const node of rib.keys.inOrder(key)) {
      if (nodes.length >= count) break;
      nodes.push(rib.nodes.idOf(node));
    }
    return { nodes, isComplete: this.sessions.every(({ inbound }) => inbound.isWhole && !inbound.isWanted && !inbound.isBounded) };
  }

  override offers(nodeId: NodeId, serviceId: number): boolean {
    if (nodeId === this.self) return this.own.has(serviceId);
    const node = this.rib?.nodes.find(nodeId);
    return node !== undefined && this.rib?.providers.of(serviceId).has(node) === true;
  }

  override explain(rule: RouteRule): RouteExplanation {
    const action = this.pathTo(rule, 0);
    const rib = this.rib;
    return rib === undefined ? super.explain(rule) : explainPath(rule, action, this.#targetOf(rib, rule, action), rib);
  }

  #nearest(rib: Rib, serviceId: number, except: number | undefined): number | undefined {
    if (except === undefined) return rib.providers.nearest(serviceId, (node, than) => isNearer(rib, node, than));
    const routes = [...rib.providers.of(serviceId)].filter((node) => this.routeTo(rib, node, except) !== undefined);
    return routes.reduce<number | undefined>((best, node) => (best === undefined || isNearer(rib, node, best) ? node : best), undefined);
  }

  #targetOf(rib: Rib, rule: RouteRule, action: RouteAction): number | undefined {
    if (action.type !== 'next') return undefined;
    switch (rule.type) {
      case 'node':
        return rib.nodes.find(rule.nodeId);
      case 'key':
        return rib.keys.closest(rule.key);
      default:
        return this.#nearest(rib, rule.serviceId ?? 0, undefined);
    }
  }
}

/** By cost, and at equal cost by id. */
function isNearer(rib: Rib, node: number, than: number): boolean {
  const [one, other] = [costOf(rib, node), costOf(rib, than)];
  return one === other ? rib.nodes.idOf(node) < rib.nodes.idOf(than) : one < other;
}

function costOf(rib: Rib, node: number): number {
  return rib.locRib.linkOf(node)?.ribIn.costOf(node) ?? Number.POSITIVE_INFINITY;
}

function inOrder(rib: Rib, providers: Iterable<number>): number[] {
  return [...providers].sort((one, other) => (isNearer(rib, one, other) ? -1 : 1));
}
