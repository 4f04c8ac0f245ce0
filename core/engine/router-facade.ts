/**
 * @module RouterFacade: the one table that everybody holds while the table beneath may be replaced (`node.useRouter`). It remembers the
 * open links with their metrics and services, and this node's own services, so that a new table knows all of it before it is asked;
 * the connection limit bounds what it keeps. It decides no route. What tables return is checked in `checked-table.ts`.
 *
 * A new table that learns from neighbours knows little at first. Until it is filled, the last table that was filled stays beside it: nodes and
 * services are asked of the new one, then of the old; keys and broadcasts of the old alone, because an incomplete table would return wrong
 * ones. Only the new one gets events and syncs and advertises; the old one gets lost links.
 */
import { type NodeId, shortId } from '../address/node-id.js';
import {
  type ClosestNodes,
  type LinkMetric,
  REJECT,
  type RouteAction,
  type RouteExplanation,
  type RouteFanout,
  RouterTable,
} from '../api/router-table.js';
import type { RouteRule } from '../api/routes.js';
import { NetworkError } from '../errors.js';
import { CheckedTable, type KnownLink, type RouterFaultListener, requireFresh } from './checked-table.js';

/** Tables that follow each other have no revision in common. */
const SWAP_REVISIONS = 2 ** 32;

/** Knows providers of services that no table knows. Asking may begin a look-up. */
export interface ProvidersBeyond {
  /** One that can be reached, in turn; `preferred` while it is one. */
  providerOf(serviceId: number, preferred: NodeId | undefined): NodeId | undefined;
  /** Those that can be reached. */
  providersOf(serviceId: number): readonly NodeId[];
  /** They are looked up now. */
  isSought(serviceId: number): boolean;
}

export class RouterFacade extends RouterTable {
  /** The present table's. */
  override kind: string | undefined;
  /** Set by the network: the table has taken something in, or is another one. */
  onChanged: () => void = () => {};

  #beyond: ProvidersBeyond | undefined;
  #current: CheckedTable;
  /** The last table that was filled, until the current one is. */
  #previous: CheckedTable | undefined;
  readonly #links = new Map<number, KnownLink>();
  readonly #services = new Set<number>();
  readonly #onFault: RouterFaultListener;
  #faultCount = 0;
  #swapCount = 0;

  /** Throws `ARGUMENT_INVALID` for a table that is none or that a node has used before. */
  constructor(table: RouterTable, onFault: RouterFaultListener) {
    super();
    this.#onFault = (callback, cause) => {
      this.#faultCount++;
      onFault(callback, cause);
    };
    this.#current = new CheckedTable(table, this.#links, this.#onFault);
    this.kind = table.kind;
  }

  override get isFilled(): boolean {
    return this.#current.isFilled;
  }

  override get revision(): number | undefined {
    const { revision } = this.#current;
    return revision === undefined ? undefined : revision + this.#swapCount * SWAP_REVISIONS;
  }

  override get nodeCount(): number | undefined {
    return this.table.nodeCount;
  }

  /** The current table beneath. */
  get table(): RouterTable {
    return this.#current.table;
  }

  /** An older table is asked, too. */
  get isFilling(): boolean {
    return this.#previous !== undefined;
  }

  /** How often tables failed since this node began. */
  get faultCount(): number {
    return this.#faultCount;
  }

  /** Throws what the table's `attach` throws, and `ARGUMENT_INVALID` the second time. */
  override attach(self: NodeId): void {
    requireFresh(this);
    super.attach(self);
    this.#prime(this.table, self);
  }

  /**
   * Attaches the table and passes it everything of now, and only then asks it. If it throws, the old table stays and the error comes out.
   * Throws `ARGUMENT_INVALID` for a table that is none or that a node has used before; handing in the present table again does nothing.
   */
  replace(table: RouterTable): void {
    if (table === this.table) return;
    const next = new CheckedTable(table, this.#links, this.#onFault);
    if (this.self !== undefined) this.#prime(table, this.self);
    const isFilling = this.self !== undefined && table.kind !== undefined && !next.isFilled;
    this.#previous = isFilling ? (this.#previous ?? this.#current) : undefined;
    this.#current = next;
    this.#swapCount++;
    this.kind = table.kind;
    this.onChanged();
  }

  /** That table, if it is the current one still, decides alone from now on. */
  settle(table: RouterTable): void {
    if (table === this.table) this.#previous = undefined;
  }

  override pathToNode(nodeId: NodeId, except?: number): RouteAction {
    const action = this.#current.pathToNode(nodeId, except);
    return action.type === 'reject' ? (this.#previous?.pathToNode(nodeId, except) ?? action) : action;
  }

  override pathAround(nodeId: NodeId, except: number): RouteAction {
    const action = this.#current.pathAround(nodeId, except);
    return action.type === 'reject' ? (this.#previous?.pathAround(nodeId, except) ?? action) : action;
  }

  override pathToKey(key: NodeId, except?: number): RouteAction {
    return (this.#previous ?? this.#current).pathToKey(key, except);
  }

  override pathToService(serviceId: number, meta: number, except?: number): RouteAction {
    const action = this.#tablePath(serviceId, meta, except);
    return action.type === 'reject' && except === undefined ? this.#pathBeyond(serviceId) : action;
  }

  override pathTo(rule: RouteRule, serviceId: number, except?: number): RouteAction {
    if (this.#previous !== undefined) return super.pathTo(rule, serviceId, except);
    const action = this.#current.pathTo(rule, serviceId, except);
    const mayBeBeyond = action.type === 'reject' && rule.type === 'service' && except === undefined;
    return mayBeBeyond ? this.#pathBeyond(rule.serviceId ?? serviceId) : action;
  }

  override pathsToServices(serviceId: number, scope: number, except?: number, source?: NodeId): RouteFanout {
    return (this.#previous ?? this.#current).pathsToServices(serviceId, scope, except, source);
  }

  override explain(rule: RouteRule): RouteExplanation {
    const { type } = this.#previous === undefined ? { type: undefined } : this.#current.pathTo(rule, 0, undefined);
    const isOld = rule.type === 'key' || rule.type === 'services' || type === 'reject';
    const explanation = ((isOld ? this.#previous : undefined) ?? this.#current).explain(rule);
    const isBeyond = rule.type === 'service' && explanation.action.type === 'reject';
    return isBeyond ? this.#explainBeyond(explanation, rule.serviceId ?? 0) : explanation;
  }

  /** Set by the network: who knows providers that no table knows. Not shown: it refers back to the table. */
  set beyond(beyond: ProvidersBeyond) {
    this.#beyond = beyond;
  }

  /** A table that knows none leaves it to what is known beyond, unless it knows a next hop. */
  override providerOf(serviceId: number, meta: number, preferred?: NodeId): NodeId | undefined {
    const provider = this.#tableProvider(serviceId, meta, preferred);
    const isBeyond = provider === undefined && this.#beyond !== undefined && this.#tablePath(serviceId, meta).type === 'reject';
    return isBeyond ? this.#beyond?.providerOf(serviceId, preferred) : provider;
  }

  override isSought(serviceId: number): boolean {
    return this.#beyond?.isSought(serviceId) ?? false;
  }

  #pathBeyond(serviceId: number): RouteAction {
    const provider = this.#beyond?.providerOf(serviceId, undefined);
    return provider === undefined ? REJECT : this.pathToNode(provider);
  }

  #explainBeyond(explanation: RouteExplanation, serviceId: number): RouteExplanation {
    const [provider] = this.#beyond?.providersOf(serviceId) ?? [];
    if (provider === undefined) return this.isSought(serviceId) ? { ...explanation, reason: 'its providers are looked up' } : explanation;
    const { action, reason, rejected } = this.explain({ type: 'node', nodeId: provider });
    return { ...explanation, action, rejected, reason: `node ${shortId(provider)} was found to provide it: ${reason}` };
  }

  #tablePath(serviceId: number, meta: number, except?: number): RouteAction {
    const action = this.#current.pathToService(serviceId, meta, except);
    return action.type === 'reject' ? (this.#previous?.pathToService(serviceId, meta, except) ?? action) : action;
  }

  /** A stream keeps its provider while either table knows it. */
  #tableProvider(serviceId: number, meta: number, preferred?: NodeId): NodeId | undefined {
    const provider = this.#current.providerOf(serviceId, meta, preferred);
    if (this.#previous === undefined || (provider !== undefined && provider === preferred)) return provider;
    const older = this.#previous.providerOf(serviceId, meta, preferred);
    return older !== undefined && older === preferred ? older : (provider ?? older);
  }

  override providersOf(serviceId: number, meta: number, count: number): readonly NodeId[] {
    const providers = this.#current.providersOf(serviceId, meta, count);
    if (providers.length >= count) return providers;
    const older = this.#previous?.providersOf(serviceId, meta, count) ?? [];
    const all = [...new Set([...providers, ...older])].slice(0, count);
    return all.length === 0 ? (this.#beyond?.providersOf(serviceId).slice(0, count) ?? all) : all;
  }

  override closest(key: NodeId, count: number): ClosestNodes {
    if (this.#previous === undefined) return this.#current.closest(key, count);
    return { nodes: this.#previous.closest(key, count).nodes, isComplete: false };
  }

  override offers(nodeId: NodeId, serviceId: number): boolean | undefined {
    const isOffered = this.#current.offers(nodeId, serviceId);
    return isOffered === true ? true : (this.#previous?.offers(nodeId, serviceId) ?? isOffered);
  }

  /** Ignores a connection that is up already. */
  override linkUp(connectionId: number, nodeId: NodeId): void {
    if (this.#links.has(connectionId)) return;
    this.#links.set(connectionId, { nodeId, metric: undefined, services: undefined, fanoutIndex: 0 });
    this.#pass('linkUp', (table) => table.linkUp(connectionId, nodeId));
  }

  override linkMetric(connectionId: number, metric: LinkMetric): void {
    const link = this.#links.get(connectionId);
    if (link === undefined) return;
    link.metric = metric;
    this.#pass('linkMetric', (table) => table.linkMetric(connectionId, metric));
  }

  override linkServices(connectionId: number, services: readonly number[]): void {
    const link = this.#links.get(connectionId);
    if (link === undefined) return;
    const copy = Object.freeze([...new Set(services)]);
    link.services = copy;
    this.#pass('linkServices', (table) => table.linkServices(connectionId, copy));
  }

  override linkDown(connectionId: number): void {
    if (!this.#links.delete(connectionId)) return;
    this.#previous?.pass('linkDown', (table) => table.linkDown(connectionId));
    this.#pass('linkDown', (table) => table.linkDown(connectionId));
    this.#settleIfFilled();
  }

  override registerService(serviceId: number): void {
    this.#services.add(serviceId);
    this.#pass('registerService', (table) => table.registerService(serviceId));
  }

  override unregisterService(serviceId: number): void {
    this.#services.delete(serviceId);
    this.#pass('unregisterService', (table) => table.unregisterService(serviceId));
  }

  override createSync(forNode: NodeId, bytesMax?: number): Uint8Array | undefined {
    return this.#current.createSync(forNode, bytesMax);
  }

  override createNews(forNode: NodeId, bytesMax?: number): Uint8Array | undefined {
    return this.#current.createNews(forNode, bytesMax);
  }

  override applySync(connectionId: number, metric: LinkMetric, sync: Uint8Array): boolean {
    if (!this.#links.has(connectionId)) return true;
    let isTaken = true;
    this.#pass('applySync', (table) => {
      isTaken = table.applySync(connectionId, metric, sync) !== false;
    });
    this.#settleIfFilled();
    return isTaken;
  }

  #settleIfFilled(): void {
    if (this.#previous !== undefined && this.#current.isFilled) this.#previous = undefined;
  }

  #prime(table: RouterTable, self: NodeId): void {
    table.attach(self);
    if (table['self'] !== self) throw new NetworkError('ARGUMENT_INVALID', 'the table overrides attach without calling super.attach');
    for (const serviceId of this.#services) table.registerService(serviceId);
    for (const [connectionId, { nodeId, metric, services }] of this.#links) {
      table.linkUp(connectionId, nodeId);
      if (metric !== undefined) table.linkMetric(connectionId, metric);
      if (services !== undefined) table.linkServices(connectionId, services);
    }
  }

  /** Before `attach` nothing is passed on: priming does it. */
  #pass(callback: string, event: (table: RouterTable) => void): void {
    if (this.self === undefined) return;
    this.#current.pass(callback, event);
    this.onChanged();
  }
}
