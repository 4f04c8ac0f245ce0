/**
 * @module LayeredRouter: routes for networks of zones: the first bytes of a node's id name its zone. Within its
 * innermost zone a table knows every node; of other zones it knows the route there, 256 slots for each layer. So 256 zones of 2,000 nodes
 * take no more than one network of 2,000. Each zone has to be connected within itself.
 *
 * It learns as `PathVectorRouter` does, with whole paths, and metrics, costs and bounds are the same. A zone is one destination for all
 * who are not in it; the nodes on its border advertise it, with the services that are in it.
 */
import type { NodeId } from '../../core/address/node-id.js';
import { REJECT, type RouteAction, type RouteExplanation, type RouteFanout } from '../../core/api/router-table.js';
import type { RouteRule } from '../../core/api/routes.js';
import { explainPath } from '../path-vector/explain.js';
import { LearningRouter } from '../path-vector/learning-router.js';
import { ProviderChoice } from '../path-vector/rib/provider-choice.js';
import type { Rib } from '../path-vector/rib/rib.js';
import type { RouteLink } from '../path-vector/rib/route-link.js';
import { nameOf, SELF } from '../path-vector/structures/node-list.js';
import { ZonedRoutes } from '../path-vector/zones/zoned-routes.js';
import { Zones } from '../path-vector/zones/zones.js';
import { type LayeredOptions, readLayeredOptions } from './options.js';
import { OwnZones } from './own-zones.js';
import { RibRoutes } from './rib-routes.js';

const NOWHERE: RouteFanout = Object.freeze({ local: false, next: Object.freeze([]) });

export class LayeredRouter extends LearningRouter {
  /** Only tables with zones of the same length understand each other. */
  override readonly kind: string;
  #routes: ZonedRoutes<number> | undefined;
  #ownZones: OwnZones | undefined;

  /** Throws `OPTION_INVALID`, naming the field. */
  constructor(options: LayeredOptions = {}) {
    const { zoneBytes, settings } = readLayeredOptions(options);
    super(settings, zoneBytes);
    this.kind = `layered/1/${zoneBytes}`;
  }

  override attach(self: NodeId): void {
    super.attach(self);
    const rib = this.rib as Rib;
    const zones = new Zones(self, this.zoneBytes);
    const routes = new RibRoutes(rib, (node, except) => this.routeTo(rib, node, except));
    this.#routes = new ZonedRoutes(zones, routes, this.own, new ProviderChoice(this.settings.balance, nameOf(self)));
    this.#ownZones = new OwnZones(zones, rib, this.own);
  }

  override pathToNode(nodeId: NodeId, except?: number): RouteAction {
    return this.#routes?.pathToNode(nodeId, except) ?? REJECT;
  }

  override pathToKey(key: NodeId, except?: number): RouteAction {
    return this.#routes?.pathToKey(key, except) ?? REJECT;
  }

  /** `meta` is not used. */
  override pathToService(serviceId: number, _meta: number, except?: number): RouteAction {
    return this.#routes?.pathToService(serviceId, except) ?? REJECT;
  }

  override pathsToServices(serviceId: number, scope: number, except?: number, source = this.self): RouteFanout {
    return source === undefined ? NOWHERE : (this.#routes?.pathsToServices(serviceId, scope, except, source) ?? NOWHERE);
  }

  /** Providers of the own zone, as the option `balance` says. In other zones the relays choose: `undefined`. */
  override providerOf(serviceId: number, _meta: number, preferred?: NodeId): NodeId | undefined {
    return this.#routes?.providerOf(serviceId, preferred);
  }

  override createSync(forNode: NodeId, bytesMax?: number): Uint8Array | undefined {
    this.#ownZones?.refresh();
    return super.createSync(forNode, bytesMax);
  }

  override createNews(forNode: NodeId, bytesMax?: number): Uint8Array | undefined {
    this.#ownZones?.refresh();
    return super.createNews(forNode, bytesMax);
  }

  override explain(rule: RouteRule): RouteExplanation {
    const action = this.pathTo(rule, 0);
    const { rib } = this;
    return rib === undefined ? super.explain(rule) : explainPath(rule, action, this.#targetOf(rule, action), rib);
  }

  protected override policyOf(self: NodeId): Zones {
    return new Zones(self, this.zoneBytes);
  }

  protected override routeTo(rib: Rib, node: number, except: number | undefined): RouteLink | undefined {
    return node === SELF ? undefined : super.routeTo(rib, node, except);
  }

  #targetOf(rule: RouteRule, action: RouteAction): number | undefined {
    if (action.type !== 'next') return undefined;
    switch (rule.type) {
      case 'node':
        return this.#routes?.destinationOf(rule.nodeId);
      case 'key':
        return this.rib?.keys.closest(rule.key);
      default:
        return this.#routes?.nearest(rule.serviceId ?? 0, undefined);
    }
  }
}
