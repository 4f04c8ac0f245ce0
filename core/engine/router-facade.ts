/**
 * @module RouterFacade: the one table that everybody holds while the table beneath may be replaced (`node.useRouter`). It remembers the
 * open links with their metrics and services, and this node's own services, so that a new table knows all of it before it is asked;
 * the connection limit bounds what it keeps. It decides no route.
 *
 * A user's table may be wrong. One that throws, or answers with a connection that is not open or that the message came from, costs
 * that one message (`reject`), moves a counter and is reported; it never reaches the engine.
 */

import { isNodeId, type NodeId } from '../address/node-id.js';
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
import { isSoundList, requireFresh, unsound } from './router-checks.js';

/** Hears of every fault of a table: the name of the method, and what it threw or a `NetworkError` that says what was wrong. */
export type RouterFaultListener = (callback: string, cause: unknown) => void;

interface KnownLink {
  readonly nodeId: NodeId;
  metric: LinkMetric | undefined;
  services: readonly number[] | undefined;
  /** The last fan-out that named this link: a second time in the same one is a fault. */
  fanoutIndex: number;
}

const NOWHERE: RouteFanout = Object.freeze({ local: false, next: Object.freeze([]) });
const NO_NODES: ClosestNodes = Object.freeze({ nodes: Object.freeze([]), isComplete: false });

export class RouterFacade extends RouterTable {
  /** The present table's. */
  override kind: string | undefined;

  #table: RouterTable;
  readonly #onFault: RouterFaultListener;
  readonly #links = new Map<number, KnownLink>();
  readonly #services = new Set<number>();
  #faultCount = 0;
  #fanoutCount = 0;

  /** Throws `ARGUMENT_INVALID` for a table that is none or that a node has used before. */
  constructor(table: RouterTable, onFault: RouterFaultListener) {
    super();
    requireFresh(table);
    this.#table = table;
    this.kind = table.kind;
    this.#onFault = onFault;
  }

  override get isFilled(): boolean {
    return this.#table.isFilled;
  }

  /** The table beneath, of the moment. */
  get table(): RouterTable {
    return this.#table;
  }

  /** How often tables failed since this node began. */
  get faultCount(): number {
    return this.#faultCount;
  }

  /** Throws what the table's `attach` throws, and `ARGUMENT_INVALID` the second time. */
  override attach(self: NodeId): void {
    requireFresh(this);
    super.attach(self);
    this.#prime(this.#table, self);
  }

  /**
   * Attaches the table and tells it everything of now, and only then asks it instead of the old one. If it throws, the old table
   * stays and the error comes out. Throws `ARGUMENT_INVALID` for a table that is none or that a node has used before; handing in the
   * present table again does nothing.
   */
  replace(table: RouterTable): void {
    if (table === this.#table) return;
    requireFresh(table);
    if (this.self !== undefined) this.#prime(table, this.self);
    this.#table = table;
    this.kind = table.kind;
  }

  override pathToNode(nodeId: NodeId, except?: number): RouteAction {
    let action: RouteAction;
    try {
      action = this.#table.pathToNode(nodeId, except);
    } catch (cause) {
      return this.#reject('pathToNode', cause);
    }
    return this.#isSound(action, except) ? action : this.#reject('pathToNode', unsound(action));
  }

  override pathToKey(key: NodeId, except?: number): RouteAction {
    let action: RouteAction;
    try {
      action = this.#table.pathToKey(key, except);
    } catch (cause) {
      return this.#reject('pathToKey', cause);
    }
    return this.#isSound(action, except) ? action : this.#reject('pathToKey', unsound(action));
  }

  override pathToService(serviceId: number, meta: number, except?: number): RouteAction {
    let action: RouteAction;
    try {
      action = this.#table.pathToService(serviceId, meta, except);
    } catch (cause) {
      return this.#reject('pathToService', cause);
    }
    return this.#isSound(action, except) ? action : this.#reject('pathToService', unsound(action));
  }

  override pathTo(rule: RouteRule, serviceId: number, except?: number): RouteAction {
    let action: RouteAction;
    try {
      action = this.#table.pathTo(rule, serviceId, except);
    } catch (cause) {
      return this.#reject('pathTo', cause);
    }
    return this.#isSound(action, except) ? action : this.#reject('pathTo', unsound(action));
  }

  override pathsToServices(serviceId: number, scope: number, except?: number, source?: NodeId): RouteFanout {
    const fanout = this.#guarded('pathsToServices', () => this.#table.pathsToServices(serviceId, scope, except, source));
    if (fanout === undefined) return NOWHERE;
    if (this.#isSoundFanout(fanout, except)) return fanout;
    this.#fault('pathsToServices', unsound(fanout));
    return NOWHERE;
  }

  /** Ignores a connection that is up already. */
  override linkUp(connectionId: number, nodeId: NodeId): void {
    if (this.#links.has(connectionId)) return;
    this.#links.set(connectionId, { nodeId, metric: undefined, services: undefined, fanoutIndex: 0 });
    this.#tell('linkUp', (table) => table.linkUp(connectionId, nodeId));
  }

  override linkMetric(connectionId: number, metric: LinkMetric): void {
    const link = this.#links.get(connectionId);
    if (link === undefined) return;
    link.metric = metric;
    this.#tell('linkMetric', (table) => table.linkMetric(connectionId, metric));
  }

  override linkServices(connectionId: number, services: readonly number[]): void {
    const link = this.#links.get(connectionId);
    if (link === undefined) return;
    const copy = Object.freeze([...new Set(services)]);
    link.services = copy;
    this.#tell('linkServices', (table) => table.linkServices(connectionId, copy));
  }

  override linkDown(connectionId: number): void {
    if (this.#links.delete(connectionId)) this.#tell('linkDown', (table) => table.linkDown(connectionId));
  }

  override registerService(serviceId: number): void {
    this.#services.add(serviceId);
    this.#tell('registerService', (table) => table.registerService(serviceId));
  }

  override unregisterService(serviceId: number): void {
    this.#services.delete(serviceId);
    this.#tell('unregisterService', (table) => table.unregisterService(serviceId));
  }

  override explain(rule: RouteRule): RouteExplanation {
    const explanation = this.#guarded('explain', () => this.#table.explain(rule));
    if (explanation !== undefined) {
      if (this.#isSound(explanation.action, undefined)) return explanation;
      this.#fault('explain', unsound(explanation));
    }
    return { rule, action: REJECT, reason: 'the router table failed and cannot say why', rejected: [] };
  }

  override providerOf(serviceId: number, meta: number, preferred?: NodeId): NodeId | undefined {
    let provider: NodeId | undefined;
    try {
      provider = this.#table.providerOf(serviceId, meta, preferred);
    } catch (cause) {
      this.#fault('providerOf', cause);
      return undefined;
    }
    if (provider === undefined || provider === preferred || isNodeId(provider)) return provider;
    this.#fault('providerOf', unsound(provider));
    return undefined;
  }

  override closest(key: NodeId, count: number): ClosestNodes {
    const closest = this.#guarded('closest', () => this.#table.closest(key, count));
    if (closest === undefined) return NO_NODES;
    if (isSoundList(closest, count)) return closest;
    this.#fault('closest', unsound(closest));
    return NO_NODES;
  }

  override createSync(forNode: NodeId, bytesMax?: number): Uint8Array | undefined {
    return this.#sync('createSync', () => this.#table.createSync(forNode, bytesMax));
  }

  override createNews(forNode: NodeId, bytesMax?: number): Uint8Array | undefined {
    return this.#sync('createNews', () => this.#table.createNews(forNode, bytesMax));
  }

  override applySync(connectionId: number, metric: LinkMetric, sync: Uint8Array): void {
    if (this.#links.has(connectionId)) this.#tell('applySync', (table) => table.applySync(connectionId, metric, sync));
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

  /** Before `attach` nothing is told: priming does it. */
  #tell(callback: string, event: (table: RouterTable) => void): void {
    if (this.self === undefined) return;
    try {
      event(this.#table);
    } catch (cause) {
      this.#fault(callback, cause);
    }
  }

  /** The answer; `undefined` after a fault. An answer that is absent is one. */
  #guarded<T>(callback: string, ask: () => T): T | undefined {
    try {
      const answer = ask();
      if (answer === undefined || answer === null) this.#fault(callback, unsound(answer));
      return answer ?? undefined;
    } catch (cause) {
      this.#fault(callback, cause);
      return undefined;
    }
  }

  #sync(callback: string, ask: () => Uint8Array | undefined): Uint8Array | undefined {
    let sync: Uint8Array | undefined;
    try {
      sync = ask();
    } catch (cause) {
      this.#fault(callback, cause);
      return undefined;
    }
    if (sync === undefined || sync instanceof Uint8Array) return sync;
    this.#fault(callback, unsound(sync));
    return undefined;
  }

  #isSound(action: RouteAction | undefined, except: number | undefined): boolean {
    if (action?.type !== 'next') return action?.type === 'local' || action?.type === 'reject';
    return action.connectionId !== except && this.#links.get(action.connectionId)?.nodeId === action.nodeId;
  }

  #isSoundFanout(fanout: RouteFanout, except: number | undefined): boolean {
    if (typeof fanout.local !== 'boolean' || !Array.isArray(fanout.next)) return false;
    const index = ++this.#fanoutCount;
    for (const hop of fanout.next as readonly (RouteFanout['next'][number] | undefined)[]) {
      const link = hop === undefined || hop.connectionId === except ? undefined : this.#links.get(hop.connectionId);
      if (link === undefined || link.nodeId !== hop?.nodeId || link.fanoutIndex === index) return false;
      link.fanoutIndex = index;
    }
    return true;
  }

  #reject(callback: string, cause: unknown): RouteAction {
    this.#fault(callback, cause);
    return REJECT;
  }

  #fault(callback: string, cause: unknown): void {
    this.#faultCount++;
    this.#onFault(callback, cause);
  }
}
