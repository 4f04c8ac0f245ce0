/**
 * @module ShadowRouter: a copy of a table that learns paths, to be asked elsewhere, as in a worker. It is kept by the deltas that
 * the table's `shadowFeed()` gives, and answers as the table did when they were taken. It gets no link events, learns nothing and
 * advertises nothing.
 */

import type { NodeId } from '../../../core/address/node-id.js';
import { REJECT, type RouteAction, type RouteFanout, RouterTable } from '../../../core/api/router-table.js';
import { assertNever, NetworkError } from '../../../core/errors.js';
import { ProviderChoice } from '../rib/provider-choice.js';
import { nameOf } from '../structures/node-list.js';
import { ZonedRoutes } from '../zones/zoned-routes.js';
import { Zones } from '../zones/zones.js';
import type { ShadowDelta } from './shadow-delta.js';
import { ShadowRib } from './shadow-rib.js';

const NOWHERE: RouteFanout = Object.freeze({ local: false, next: Object.freeze([]) });

interface Parts {
  readonly rib: ShadowRib;
  readonly own: Set<number>;
  readonly routes: ZonedRoutes<number>;
}

export class ShadowRouter extends RouterTable {
  #parts: Parts | undefined;

  /**
   * Takes everything that one `take` of the feed gave. Throws `ARGUMENT_INVALID` when deltas come before a `begin`, or that one is of
   * another node than before.
   */
  apply(deltas: readonly ShadowDelta[]): void {
    for (const delta of deltas) this.#apply(delta);
  }

  override pathToNode(nodeId: NodeId, except?: number): RouteAction {
    return this.#parts?.routes.pathToNode(nodeId, except) ?? REJECT;
  }

  override pathToKey(key: NodeId, except?: number): RouteAction {
    return this.#parts?.routes.pathToKey(key, except) ?? REJECT;
  }

  override pathToService(serviceId: number, _meta: number, except?: number): RouteAction {
    return this.#parts?.routes.pathToService(serviceId, except) ?? REJECT;
  }

  override pathsToServices(serviceId: number, scope: number, except?: number, source = this.self): RouteFanout {
    return source === undefined ? NOWHERE : (this.#parts?.routes.pathsToServices(serviceId, scope, except, source) ?? NOWHERE);
  }

  override providerOf(serviceId: number, _meta: number, preferred?: NodeId): NodeId | undefined {
    return this.#parts?.routes.providerOf(serviceId, preferred);
  }

  #apply(delta: ShadowDelta): void {
    if (delta.type === 'begin') return this.#begin(delta);
    const parts = this.#parts;
    if (parts === undefined)
      throw new NetworkError('ARGUMENT_INVALID', 'the deltas of a shadow must begin with the first that its feed gave');
    switch (delta.type) {
      case 'set-link':
        return parts.rib.setLink(delta.connectionId, delta.nodeId);
      case 'del-link':
        return parts.rib.deleteLink(delta.connectionId);
      case 'set-service':
        return void parts.own.add(delta.serviceId);
      case 'del-service':
        return void parts.own.delete(delta.serviceId);
      case 'set-node':
        return parts.rib.setNode(delta);
      case 'del-node':
        return parts.rib.deleteNode(delta.nodeId);
      default:
        assertNever(delta);
    }
  }

  #begin({ self, zoneBytes, balance }: Extract<ShadowDelta, { type: 'begin' }>): void {
    if (this.self === undefined) this.attach(self);
    if (this.self !== self) throw new NetworkError('ARGUMENT_INVALID', 'the deltas are of the table of another node');
    const rib = new ShadowRib(self);
    const own = new Set<number>();
    const choice = new ProviderChoice(balance, nameOf(self));
    this.#parts = { rib, own, routes: new ZonedRoutes(new Zones(self, zoneBytes), rib, own, choice) };
  }
}
