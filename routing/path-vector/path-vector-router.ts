/**
 * @module PathVectorRouter: exact ways to every node and service of a mesh, learned from the neighbours by syncs. Each way is known with
 * its whole path, so that none goes in a circle, and with latency, loss and bandwidth, from which its cost follows. Good to some 2,000
 * nodes. How it learns stands in `learning-router.ts`; `docs/path-vector.md` explains it. Without syncs it knows its neighbours alone.
 *
 * Everything is bounded (`options.ts`): nodes, paths of each link, hops. At a bound the new is refused, and neighbours always find room.
 * What a neighbour says is believed, within its form: a neighbour that lies can draw traffic to itself, as in every distance-vector
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
import { type PathVectorOptions, resolvePathVectorOptions } from './rib/options.js';
import { ProviderChoice } from './rib/provider-choice.js';
import type { RouteBook } from './rib/rib.js';
import { KIND } from './session/format.js';
import { nameOf, SELF } from './structures/node-list.js';

const NOWHERE: RouteFanout = Object.freeze({ local: false, next: Object.freeze([]) });

export class PathVectorRouter extends LearningRouter {
  override readonly kind = KIND;
  #choice: ProviderChoice | undefined;

  /** Throws `OPTION_INVALID`, naming the field. */
  constructor(options: PathVectorOptions = {}) {
    super(resolvePathVectorOptions(options));
  }

  override attach(self: NodeId): void {
    super.attach(self);
    this.#choice = new ProviderChoice(this.settings.balance, nameOf(self));
  }

  override pathToNode(nodeId: NodeId, except?: number): RouteAction {
    const book = this.book;
    const node = book?.nodes.find(nodeId);
    if (book === undefined || node === undefined) return REJECT;
    if (node === SELF) return LOCAL;
    return this.wayTo(book, node, except)?.action ?? REJECT;
  }

  /** Towards the closest of all nodes that can be reached, this one included. */
  override pathToKey(key: NodeId, except?: number): RouteAction {
    const book = this.book;
    if (book === undefined) return REJECT;
    const closest = book.keys.closest(key);
    if (closest === SELF) return LOCAL;
    const way = this.wayTo(book, closest, except);
    if (way !== undefined) return way.action;
    const other = book.keys.closestOf(key, (node) => node === SELF || this.wayTo(book, node, except) !== undefined);
    return other === undefined || other === SELF ? LOCAL : (this.wayTo(book, other, except)?.action ?? REJECT);
  }

  /** This node, or the nearest provider. `meta` is not used. */
  override pathToService(serviceId: number, _meta: number, except?: number): RouteAction {
    if (this.own.has(serviceId)) return LOCAL;
    const book = this.book;
    const node = book === undefined ? undefined : this.#nearest(book, serviceId, except);
    return book === undefined || node === undefined ? REJECT : (this.wayTo(book, node, except)?.action ?? REJECT);
  }

  /** This node if it is a provider, and one copy for every neighbour on the way to others, as far as they are within the scope. */
  override pathsToServices(serviceId: number, scope: number, except?: number, source = this.self): RouteFanout {
    const book = this.book;
    if (book === undefined || source === undefined) return NOWHERE;
    const next = new Map<number, NextHop>();
    for (const node of book.providers.of(serviceId)) {
      const way = sharesPrefix(book.nodes.idOf(node), source, scope) ? this.wayTo(book, node, except) : undefined;
      if (way !== undefined) next.set(way.node, way.hop);
    }
    const isWithin = sharesPrefix(book.nodes.idOf(SELF), source, scope);
    return { local: isWithin && this.own.has(serviceId), next: [...next.values()] };
  }

  /** As the option `balance` says; `preferred`, as long as it is a provider that can be reached. This node, if it is one itself. */
  override providerOf(serviceId: number, _meta: number, preferred?: NodeId): NodeId | undefined {
    const book = this.book;
    if (book === undefined || this.own.has(serviceId)) return this.self;
    const providers = book.providers.of(serviceId);
    const kept = preferred === undefined ? undefined : book.nodes.find(preferred);
    if (kept !== undefined && providers.has(kept)) return preferred;
    const nearest = this.#nearest(book, serviceId, undefined);
    if (nearest === undefined) return undefined;
    const candidates = this.settings.balance === 'nearest' ? [nearest] : inOrder(book, providers);
    return book.nodes.idOf(this.#choice?.pick(serviceId, candidates) ?? nearest);
  }

  /** Complete while all neighbours have sent all that they know, and no bound has left anything of it out. */
  override closest(key: NodeId, count: number): ClosestNodes {
    const nodes: NodeId[] = [];
    const { book } = this;
    if (book === undefined) return { nodes, isComplete: false };
    for (const node of book.keys.inOrder(key)) {
      if (nodes.length >= count) break;
      nodes.push(book.nodes.idOf(node));
    }
    return { nodes, isComplete: this.sessions.every(({ hearing }) => hearing.isWhole && !hearing.isWanted && !hearing.isBounded) };
  }

  override explain(rule: RouteRule): RouteExplanation {
    const action = this.pathTo(rule, 0);
    const book = this.book;
    return book === undefined ? super.explain(rule) : explainPath(rule, action, this.#targetOf(book, rule, action), book);
  }

  #nearest(book: RouteBook, serviceId: number, except: number | undefined): number | undefined {
    if (except === undefined) return book.providers.nearest(serviceId, (node, than) => isNearer(book, node, than));
    const ways = [...book.providers.of(serviceId)].filter((node) => this.wayTo(book, node, except) !== undefined);
    return ways.reduce<number | undefined>((best, node) => (best === undefined || isNearer(book, node, best) ? node : best), undefined);
  }

  #targetOf(book: RouteBook, rule: RouteRule, action: RouteAction): number | undefined {
    if (action.type !== 'next') return undefined;
    switch (rule.type) {
      case 'node':
        return book.nodes.find(rule.nodeId);
      case 'key':
        return book.keys.closest(rule.key);
      default:
        return this.#nearest(book, rule.serviceId ?? 0, undefined);
    }
  }
}

/** By cost, and at equal cost by id. */
function isNearer(book: RouteBook, node: number, than: number): boolean {
  const [one, other] = [costOf(book, node), costOf(book, than)];
  return one === other ? book.nodes.idOf(node) < book.nodes.idOf(than) : one < other;
}

function costOf(book: RouteBook, node: number): number {
  return book.states.linkOf(node)?.columns.costOf(node) ?? Number.POSITIVE_INFINITY;
}

function inOrder(book: RouteBook, providers: Iterable<number>): number[] {
  return [...providers].sort((one, other) => (isNearer(book, one, other) ? -1 : 1));
}
