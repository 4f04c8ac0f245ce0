/**
 * @module PathVectorRouter: exact ways to every node and service of a mesh, learned from the neighbours by syncs. Each way is known with
 * its whole path, so that none goes in a circle, and with latency, loss and bandwidth, from which its cost follows. Good to some 2,000
 * nodes. The decisions stand in `route-book.ts`, the form of the syncs in `sync-format.ts`; `docs/path-vector.md` explains both.
 *
 * Somebody has to carry the syncs: `createSync` once in a round for every neighbour, `createNews` whenever something may have happened
 * in between. Without them the table knows its neighbours alone. It has no clock: what has to wait, waits for rounds.
 *
 * Everything is bounded (`options.ts`): nodes, paths of each link, hops. At a bound the new is refused, and neighbours always find room.
 * What a neighbour says is believed, within its form: a neighbour that lies can draw traffic to itself, as in every distance-vector
 * protocol among members of one network.
 */
import { type NodeId, sharesPrefix } from '../../core/node-id.js';
import {
  type LinkMetric,
  LOCAL,
  type NextHop,
  REJECT,
  type RouteAction,
  type RouteExplanation,
  type RouteFanout,
  RouterTable,
} from '../../core/router-table.js';
import type { RouteRule } from '../../core/routes.js';
import { isServiceId, isSoundMetric } from '../neighbours.js';
import { explainPath } from './explain.js';
import { SELF } from './node-list.js';
import type { NodeState } from './node-state.js';
import { type PathVectorOptions, type PathVectorSettings, resolvePathVectorOptions } from './options.js';
import { ProviderChoice } from './provider-choice.js';
import { RouteBook } from './route-book.js';
import type { RouteLink } from './route-link.js';
import { KIND } from './sync-format.js';
import { outlived, SyncTaker } from './sync-taker.js';
import { SyncWriter } from './sync-writer.js';

const NOWHERE: RouteFanout = Object.freeze({ local: false, next: Object.freeze([]) });

/** How much a `PathVectorRouter` keeps. */
export interface PathVectorSize {
  readonly nodeCount: number;
  readonly entryCount: number;
  readonly pathCount: number;
  /** Of the columns and paths of all links. */
  readonly byteLength: number;
}

export class PathVectorRouter extends RouterTable {
  override readonly kind = KIND;
  readonly #settings: PathVectorSettings;
  readonly #links = new Map<number, RouteLink>();
  /** Services of this node's own behaviours. */
  readonly #own = new Set<number>();
  #ownSequence = 0;
  /** All links went down; who knew this node then believes it lost. */
  #wasAlone = false;
  /** Present from `attach` on, as all parts. */
  #book: RouteBook | undefined;
  #writer: SyncWriter | undefined;
  #taker: SyncTaker | undefined;
  #choice: ProviderChoice | undefined;

  /** Throws `OPTION_INVALID`, naming the field. */
  constructor(options: PathVectorOptions = {}) {
    super();
    this.#settings = resolvePathVectorOptions(options);
  }

  override attach(self: NodeId): void {
    super.attach(self);
    this.#book = new RouteBook(self, this.#settings);
    this.#writer = new SyncWriter(this.#book);
    this.#taker = new SyncTaker(this.#book);
    this.#choice = new ProviderChoice(this.#settings.balance, this.#book.nodes.names[SELF] as number);
  }

  override pathToNode(nodeId: NodeId, except?: number): RouteAction {
    const book = this.#book;
    const node = book?.nodes.find(nodeId);
    if (book === undefined || node === undefined) return REJECT;
    if (node === SELF) return LOCAL;
    return this.#wayTo(book, node, except)?.action ?? REJECT;
  }

  /** Towards the closest of all nodes that can be reached, this one included. */
  override pathToKey(key: NodeId, except?: number): RouteAction {
    const book = this.#book;
    if (book === undefined) return REJECT;
    const closest = book.keys.closest(key);
    if (closest === SELF) return LOCAL;
    const way = this.#wayTo(book, closest, except);
    if (way !== undefined) return way.action;
    const other = book.keys.closestOf(key, (node) => node === SELF || this.#wayTo(book, node, except) !== undefined);
    return other === undefined || other === SELF ? LOCAL : (this.#wayTo(book, other, except)?.action ?? REJECT);
  }

  /** This node, or the nearest provider. `meta` is not used. */
  override pathToService(serviceId: number, _meta: number, except?: number): RouteAction {
    if (this.#own.has(serviceId)) return LOCAL;
    const book = this.#book;
    const node = book === undefined ? undefined : this.#nearest(book, serviceId, except);
    return book === undefined || node === undefined ? REJECT : (this.#wayTo(book, node, except)?.action ?? REJECT);
  }

  /** This node if it is a provider, and one copy for every neighbour on the way to others, as far as they are within the scope. */
  override pathsToServices(serviceId: number, scope: number, except?: number, source = this.self): RouteFanout {
    const book = this.#book;
    if (book === undefined || source === undefined) return NOWHERE;
    const next = new Map<number, NextHop>();
    for (const node of book.providers.of(serviceId)) {
      const way = sharesPrefix(book.nodes.idOf(node), source, scope) ? this.#wayTo(book, node, except) : undefined;
      if (way !== undefined) next.set(way.node, way.hop);
    }
    const isWithin = sharesPrefix(book.nodes.idOf(SELF), source, scope);
    return { local: isWithin && this.#own.has(serviceId), next: [...next.values()] };
  }

  /** As the option `balance` says; `preferred`, as long as it is a provider that can be reached. This node, if it is one itself. */
  override providerOf(serviceId: number, _meta: number, preferred?: NodeId): NodeId | undefined {
    const book = this.#book;
    if (book === undefined || this.#own.has(serviceId)) return this.self;
    const providers = book.providers.of(serviceId);
    const kept = preferred === undefined ? undefined : book.nodes.find(preferred);
    if (kept !== undefined && providers.has(kept)) return preferred;
    const nearest = this.#nearest(book, serviceId, undefined);
    if (nearest === undefined) return undefined;
    const candidates = this.#settings.balance === 'nearest' ? [nearest] : inOrder(book, providers);
    return book.nodes.idOf(this.#choice?.pick(serviceId, candidates) ?? nearest);
  }

  override linkUp(connectionId: number, nodeId: NodeId): void {
    const book = this.#book;
    if (book === undefined || nodeId === this.self || this.#links.has(connectionId)) return;
    if (this.#wasAlone) this.#ownSequence = (this.#ownSequence + 1) >>> 0;
    this.#wasAlone = false;
    this.#links.set(connectionId, book.addLink(connectionId, nodeId));
  }

  /** Taken when it differs by a fifth from the one in use. */
  override linkMetric(connectionId: number, metric: LinkMetric): void {
    const link = this.#links.get(connectionId);
    if (link !== undefined && isSoundMetric(metric)) this.#measure(link, metric);
  }

  override linkServices(connectionId: number, services: readonly number[]): void {
    const [link, book] = [this.#links.get(connectionId), this.#book];
    if (link === undefined || book === undefined) return;
    const list = [...new Set(services.filter(isServiceId))].sort((one, other) => one - other);
    book.setDirect(link, book.sets.take(list));
  }

  override linkDown(connectionId: number): void {
    const link = this.#links.get(connectionId);
    if (link === undefined) return;
    this.#links.delete(connectionId);
    this.#wasAlone = this.#links.size === 0;
    this.#book?.removeLink(link);
  }

  override registerService(serviceId: number): void {
    if (isServiceId(serviceId)) this.#own.add(serviceId);
  }

  override unregisterService(serviceId: number): void {
    this.#own.delete(serviceId);
  }

  override explain(rule: RouteRule): RouteExplanation {
    const action = this.pathTo(rule, 0);
    const book = this.#book;
    return book === undefined ? super.explain(rule) : explainPath(rule, action, this.#targetOf(book, rule, action), book);
  }

  /** A round for this neighbour: what changed, and now and then the digest. What is said belongs to the younger of two links to one node. */
  override createSync(forNode: NodeId): Uint8Array | undefined {
    const [link, book] = [this.#linkTo(forNode), this.#book];
    if (link === undefined || book === undefined) return undefined;
    if (link.speech.round >= book.round) book.advance();
    link.speech.round = book.round;
    return this.#writer?.write(link, true, this.#ownSequence);
  }

  override createNews(forNode: NodeId): Uint8Array | undefined {
    const link = this.#linkTo(forNode);
    return link === undefined ? undefined : this.#writer?.write(link, false, this.#ownSequence);
  }

  /** Whichever link to the neighbour carried it. */
  override applySync(connectionId: number, metric: LinkMetric, sync: Uint8Array): void {
    const carrier = this.#links.get(connectionId);
    const link = carrier && this.#linkTo(carrier.hop.nodeId);
    if (link === undefined || !isSoundMetric(metric)) return;
    if (sync.length === 0) return this.#taker?.forget(link);
    const news = this.#taker?.take(link, sync);
    if (news === undefined) return;
    if (carrier?.measure.isKnown === false) this.#measure(carrier, metric);
    this.#writer?.heard(link, news.heardSession, news.isAsking);
    if (news.peerSequence !== undefined) this.#outlive(news.peerSequence);
  }

  /** How much is known, and what it takes. */
  size(): PathVectorSize {
    const links = [...this.#links.values()];
    const sum = (of: (link: RouteLink) => number) => links.reduce((total, link) => total + of(link), 0);
    return {
      nodeCount: this.#book?.nodes.size ?? 0,
      entryCount: sum((link) => link.columns.path.reduce((count, path) => count + (path === 0 ? 0 : 1), 0)),
      pathCount: sum((link) => link.paths.size),
      byteLength: sum((link) => link.columns.byteLength + link.paths.byteLength),
    };
  }

  #measure(link: RouteLink, metric: LinkMetric): void {
    if (link.measure.take(metric)) this.#book?.recost(link);
    if (link.measure.isKnown) this.#book?.announce(link);
  }

  /** A neighbour knows this node from an earlier life: it goes on where that ended, or it would be taken for old news. */
  #outlive(known: number): void {
    const sequence = outlived(this.#ownSequence, known);
    if (sequence === this.#ownSequence) return;
    this.#ownSequence = sequence;
    for (const link of this.#links.values()) link.speech.isHeadNew = true;
  }

  #wayTo(book: RouteBook, node: number, except: number | undefined): RouteLink | undefined {
    const from = except === undefined ? undefined : this.#links.get(except);
    return from === undefined ? book.states[node]?.link : book.wayFrom(node, from);
  }

  #linkTo(nodeId: NodeId): RouteLink | undefined {
    const node = this.#book?.nodes.find(nodeId);
    let youngest: RouteLink | undefined;
    for (const link of this.#book?.links ?? [])
      if (link.node === node && (youngest === undefined || link.connectionId > youngest.connectionId)) youngest = link;
    return youngest;
  }

  #nearest(book: RouteBook, serviceId: number, except: number | undefined): number | undefined {
    if (except === undefined) return book.providers.nearest(serviceId, (node, than) => isNearer(book, node, than));
    const ways = [...book.providers.of(serviceId)].filter((node) => this.#wayTo(book, node, except) !== undefined);
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
  const { link } = book.states[node] as NodeState;
  return link?.columns.cost[node] ?? Number.POSITIVE_INFINITY;
}

function inOrder(book: RouteBook, providers: Iterable<number>): number[] {
  return [...providers].sort((one, other) => (isNearer(book, one, other) ? -1 : 1));
}
