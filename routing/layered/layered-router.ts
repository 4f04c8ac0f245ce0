/**
 * @module LayeredRouter: ways for networks of zones (ATM-45 to ATM-54): the first bytes of a node's id say which zone it is in. Within its
 * innermost zone a table knows every node; of other zones it knows the way there, 256 slots for each layer. So 256 zones of 2,000 nodes
 * take no more than one network of 2,000. Each zone has to be connected within itself.
 *
 * It learns as `PathVectorRouter` does, with whole paths, and metrics, costs and bounds are the same. A zone is one destination for all
 * who are not in it; whoever is on its border says so, and which services there are in it.
 */
import type { NodeId } from '../../core/address/node-id.js';
import { REJECT, type RouteAction, type RouteExplanation, type RouteFanout } from '../../core/api/router-table.js';
import type { RouteRule } from '../../core/api/routes.js';
import { explainPath } from '../path-vector/explain.js';
import { LearningRouter } from '../path-vector/learning-router.js';
import { ProviderChoice } from '../path-vector/rib/provider-choice.js';
import type { RouteBook } from '../path-vector/rib/rib.js';
import type { RouteLink } from '../path-vector/rib/route-link.js';
import { nameOf, SELF } from '../path-vector/structures/node-list.js';
import { ZonedAnswers } from '../path-vector/zones/zoned-routes.js';
import { Zones } from '../path-vector/zones/zones.js';
import { type LayeredOptions, resolveLayeredOptions } from './options.js';
import { OwnZones } from './own-zones.js';
import { BookWays } from './rib-routes.js';

const NOWHERE: RouteFanout = Object.freeze({ local: false, next: Object.freeze([]) });

export class LayeredRouter extends LearningRouter {
  /** Only tables with zones of the same length understand each other. */
  override readonly kind: string;
  #answers: ZonedAnswers<number> | undefined;
  #ownZones: OwnZones | undefined;

  /** Throws `OPTION_INVALID`, naming the field. */
  constructor(options: LayeredOptions = {}) {
    const { zoneBytes, settings } = resolveLayeredOptions(options);
    super(settings, zoneBytes);
    this.kind = `layered/1/${zoneBytes}`;
  }

  override attach(self: NodeId): void {
    super.attach(self);
    const book = this.book as RouteBook;
    const zones = new Zones(self, this.zoneBytes);
    const ways = new BookWays(book, (node, except) => this.wayTo(book, node, except));
    this.#answers = new ZonedAnswers(zones, ways, this.own, new ProviderChoice(this.settings.balance, nameOf(self)));
    this.#ownZones = new OwnZones(zones, book, this.own);
  }

  override pathToNode(nodeId: NodeId, except?: number): RouteAction {
    return this.#answers?.pathToNode(nodeId, except) ?? REJECT;
  }

  override pathToKey(key: NodeId, except?: number): RouteAction {
    return this.#answers?.pathToKey(key, except) ?? REJECT;
  }

  /** `meta` is not used. */
  override pathToService(serviceId: number, _meta: number, except?: number): RouteAction {
    return this.#answers?.pathToService(serviceId, except) ?? REJECT;
  }

  override pathsToServices(serviceId: number, scope: number, except?: number, source = this.self): RouteFanout {
    return source === undefined ? NOWHERE : (this.#answers?.pathsToServices(serviceId, scope, except, source) ?? NOWHERE);
  }

  /** Providers of the own zone, as the option `balance` says. Other zones choose themselves: `undefined`. */
  override providerOf(serviceId: number, _meta: number, preferred?: NodeId): NodeId | undefined {
    return this.#answers?.providerOf(serviceId, preferred);
  }

  override createSync(forNode: NodeId): Uint8Array | undefined {
    this.#ownZones?.refresh();
    return super.createSync(forNode);
  }

  override createNews(forNode: NodeId): Uint8Array | undefined {
    this.#ownZones?.refresh();
    return super.createNews(forNode);
  }

  override explain(rule: RouteRule): RouteExplanation {
    const action = this.pathTo(rule, 0);
    const { book } = this;
    return book === undefined ? super.explain(rule) : explainPath(rule, action, this.#targetOf(rule, action), book);
  }

  protected override policyOf(self: NodeId): Zones {
    return new Zones(self, this.zoneBytes);
  }

  protected override wayTo(book: RouteBook, node: number, except: number | undefined): RouteLink | undefined {
    return node === SELF ? undefined : super.wayTo(book, node, except);
  }

  #targetOf(rule: RouteRule, action: RouteAction): number | undefined {
    if (action.type !== 'next') return undefined;
    switch (rule.type) {
      case 'node':
        return this.#answers?.goalOf(rule.nodeId);
      case 'key':
        return this.book?.keys.closest(rule.key);
      default:
        return this.#answers?.nearest(rule.serviceId ?? 0, undefined);
    }
  }
}
