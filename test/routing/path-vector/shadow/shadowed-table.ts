/**
 * @module A table that is asked through its shadow: it hears and tells everything itself, and before each answer the shadow gets what changed.
 * What the suite says of it, it says of the shadow.
 */
import type { NodeId } from '../../../../core/address/node-id.js';
import {
  type LinkMetric,
  type RouteAction,
  type RouteExplanation,
  type RouteFanout,
  RouterTable,
} from '../../../../core/api/router-table.js';
import type { RouteRule } from '../../../../core/api/routes.js';
import type { LayeredRouter } from '../../../../routing/layered/layered-router.js';
import type { PathVectorRouter } from '../../../../routing/path-vector/path-vector-router.js';
import { ShadowRouter } from '../../../../routing/path-vector/shadow/shadow-router.js';

export class ShadowedTable extends RouterTable {
  override readonly kind: string;
  readonly shadow = new ShadowRouter();
  private readonly feed;

  constructor(readonly table: PathVectorRouter | LayeredRouter) {
    super();
    this.kind = table.kind;
    this.feed = table.shadowFeed();
  }

  override get isFilled(): boolean {
    return this.table.isFilled;
  }

  /** The shadow, after a walk of what changed from one thread to another. */
  get fresh(): ShadowRouter {
    this.shadow.apply(structuredClone(this.feed.take()));
    return this.shadow;
  }

  override attach(self: NodeId): void {
    super.attach(self);
    this.table.attach(self);
  }

  override pathToNode(nodeId: NodeId, except?: number): RouteAction {
    return this.fresh.pathToNode(nodeId, except);
  }

  override pathToKey(key: NodeId, except?: number): RouteAction {
    return this.fresh.pathToKey(key, except);
  }

  override pathToService(serviceId: number, meta: number, except?: number): RouteAction {
    return this.fresh.pathToService(serviceId, meta, except);
  }

  override pathsToServices(serviceId: number, scope: number, except?: number, source?: NodeId): RouteFanout {
    return this.fresh.pathsToServices(serviceId, scope, except, source);
  }

  override providerOf(serviceId: number, meta: number, preferred?: NodeId): NodeId | undefined {
    return this.fresh.providerOf(serviceId, meta, preferred);
  }

  override linkUp(connectionId: number, nodeId: NodeId): void {
    this.table.linkUp(connectionId, nodeId);
  }

  override linkMetric(connectionId: number, metric: LinkMetric): void {
    this.table.linkMetric(connectionId, metric);
  }

  override linkServices(connectionId: number, services: readonly number[]): void {
    this.table.linkServices(connectionId, services);
  }

  override linkDown(connectionId: number): void {
    this.table.linkDown(connectionId);
  }

  override registerService(serviceId: number): void {
    this.table.registerService(serviceId);
  }

  override unregisterService(serviceId: number): void {
    this.table.unregisterService(serviceId);
  }

  override explain(rule: RouteRule): RouteExplanation {
    return this.table.explain(rule);
  }

  override createSync(forNode: NodeId): Uint8Array | undefined {
    return this.table.createSync(forNode);
  }

  override createNews(forNode: NodeId): Uint8Array | undefined {
    return this.table.createNews(forNode);
  }

  override applySync(connectionId: number, metric: LinkMetric, sync: Uint8Array): void {
    this.table.applySync(connectionId, metric, sync);
  }
}
