/**
 * @module StaticRouter: a fixed table from options, on top of what `DirectRouter` knows of the neighbours. An entry counts only while a
 * link to its neighbour is open; nothing is learned beyond link events. In this order, the first that is open wins:
 * to a node: its entry, its own link, the default; to a key: the closest of this node, the neighbours and the nodes with an open entry;
 * to a service: this node, then the listed providers in their order (a listed service goes to no other node), or, for one that is not
 * listed, the neighbours that offer it and the default.
 */
import { type NodeId, sharesPrefix, shortId } from '../core/address/node-id.js';
import { isCloser } from '../core/address/xor-distance.js';
import { LOCAL, type NextHop, REJECT, type RouteAction, type RouteExplanation, type RouteFanout } from '../core/api/router-table.js';
import type { RouteRule } from '../core/api/routes.js';
import { DirectRouter } from './direct-router.js';
import type { NextAction } from './links/neighbours.js';
import { readStaticTable, type StaticRouterOptions, type StaticTable } from './static-options.js';

export class StaticRouter extends DirectRouter {
  readonly #table: StaticTable;

  /** Throws `OPTION_INVALID`, naming the field. The options are copied. */
  constructor(options: StaticRouterOptions = {}) {
    super();
    this.#table = readStaticTable(options);
  }

  override pathToNode(nodeId: NodeId, except?: number): RouteAction {
    if (nodeId === this.self) return LOCAL;
    return this.#routeTo(nodeId, except) ?? this.#over(this.#table.default, except) ?? REJECT;
  }

  override pathToKey(key: NodeId, except?: number): RouteAction {
    let action = super.pathToKey(key, except);
    let closest = action.type === 'next' ? action.nodeId : this.self;
    if (closest === undefined) return REJECT;
    for (const [nodeId, via] of this.#table.nodes) {
      if (!isCloser(nodeId, closest, key)) continue;
      const route = this.#over(via, except);
      if (route === undefined) continue;
      closest = nodeId;
      action = route;
    }
    return action;
  }

  override pathToService(serviceId: number, meta: number, except?: number): RouteAction {
    const direct = super.pathToService(serviceId, meta, except);
    const providers = this.#table.services.get(serviceId);
    if (direct.type === 'local') return direct;
    if (providers === undefined) return direct.type === 'next' ? direct : (this.#over(this.#table.default, except) ?? REJECT);
    for (const nodeId of providers) {
      const route = this.#routeTo(nodeId, except);
      if (route !== undefined) return route;
    }
    return REJECT;
  }

  /** For a listed service one copy on every connection that leads to listed providers within the scope; relays there copy on. */
  override pathsToServices(serviceId: number, scope: number, except?: number, source = this.self): RouteFanout {
    const direct = super.pathsToServices(serviceId, scope, except, source);
    const providers = this.#table.services.get(serviceId);
    if (providers === undefined) return direct;
    const next = new Map<number, NextHop>();
    for (const nodeId of providers) {
      if (source === undefined || !sharesPrefix(nodeId, source, scope)) continue;
      const route = this.#routeTo(nodeId, except);
      if (route !== undefined) next.set(route.connectionId, { connectionId: route.connectionId, nodeId: route.nodeId });
    }
    return { local: direct.local, next: [...next.values()] };
  }

  override explain(rule: RouteRule): RouteExplanation {
    const direct = super.explain(rule);
    const reason = this.#entryReason(rule, direct.action);
    if (reason === undefined) return direct;
    const rejected = direct.rejected.map(({ via }) => ({ via, reason: 'the fixed table decides, and prefers another route' }));
    return { ...direct, reason, rejected };
  }

  /** Why the fixed table decides, or nothing when the neighbours alone do. */
  #entryReason(rule: RouteRule, action: RouteAction): string | undefined {
    if (action.type === 'local') return undefined;
    if (rule.type === 'node') return this.#nodeReason(rule.nodeId, action);
    if (rule.type === 'key')
      return action.type === 'next' ? `the next hop to the known node closest to the key is node ${shortId(action.nodeId)}` : undefined;
    const serviceId = rule.serviceId ?? 0;
    if (this.#table.services.has(serviceId)) {
      return action.type === 'next'
        ? `the table lists providers of service ${serviceId}`
        : `no listed provider of service ${serviceId} can be reached`;
    }
    const isDefault = rule.type === 'service' && action.type === 'next' && super.pathToService(serviceId, 0).type === 'reject';
    return isDefault ? `no neighbour offers service ${serviceId}, so the default takes it` : undefined;
  }

  #nodeReason(nodeId: NodeId, action: RouteAction): string | undefined {
    const via = this.#table.nodes.get(nodeId);
    const closed =
      via === undefined ? 'the table has no entry for the node' : `the entry leads over node ${shortId(via)}, which is not connected`;
    if (action.type === 'reject') return `${closed}, and no default is open`;
    if (action.type === 'next' && action.nodeId === via) return `the entry leads over node ${shortId(via)}`;
    return action.type === 'next' && action.nodeId !== nodeId ? `${closed}, so the default takes it` : undefined;
  }

  /** Over the entry, or straight: there is no route to this node itself. */
  #routeTo(nodeId: NodeId, except: number | undefined): NextAction | undefined {
    if (nodeId === this.self) return undefined;
    return this.#over(this.#table.nodes.get(nodeId), except) ?? this.#over(nodeId, except);
  }

  #over(neighbour: NodeId | undefined, except: number | undefined): NextAction | undefined {
    const action = neighbour === undefined ? REJECT : super.pathToNode(neighbour, except);
    return action.type === 'next' ? action : undefined;
  }
}
