/**
 * @module Providers: which nodes offer a service, and which of them is nearest. It follows what the table reports of every node; what
 * it keeps is bounded by nodes times 256 services.
 */
import { NodeSet } from '../structures/node-set.js';
import type { ServiceSets } from '../structures/service-sets.js';

/** Nodes that are looked at only. */
export type NodeView = Pick<NodeSet, 'has' | 'size'> & Iterable<number>;

const NOBODY: NodeView = new NodeSet();

export class Providers {
  private readonly byService = new Map<number, NodeSet>();
  /** Answers that hold until something about a provider changes. */
  private readonly nearestNodes = new Map<number, number | undefined>();

  constructor(private readonly sets: ServiceSets) {}

  /** The nodes that offer the service and can be reached, this one excluded. */
  of(serviceId: number): NodeView {
    return this.byService.get(serviceId) ?? NOBODY;
  }

  /** Every service that is offered, with its providers. */
  all(): Iterable<readonly [serviceId: number, providers: NodeView]> {
    return this.byService;
  }

  /** The node's list was `before` and is `after` now; or its cost has changed, and both are the same. */
  update(node: number, before: number, after: number): void {
    if (before !== after) for (const serviceId of this.sets.listOf(before)) this.take(serviceId, node);
    for (const serviceId of this.sets.listOf(after)) {
      this.nearestNodes.delete(serviceId);
      if (before !== after) this.add(serviceId, node);
    }
  }

  /** The provider that is better than every other one by `isBetter`. */
  nearest(serviceId: number, isBetter: (node: number, than: number) => boolean): number | undefined {
    const known = this.nearestNodes.get(serviceId);
    if (known !== undefined) return known;
    let nearest: number | undefined;
    for (const node of this.of(serviceId)) if (nearest === undefined || isBetter(node, nearest)) nearest = node;
    if (nearest !== undefined) this.nearestNodes.set(serviceId, nearest);
    return nearest;
  }

  private add(serviceId: number, node: number): void {
    const nodes = this.byService.get(serviceId) ?? new NodeSet();
    nodes.add(node);
    this.byService.set(serviceId, nodes);
  }

  private take(serviceId: number, node: number): void {
    this.nearestNodes.delete(serviceId);
    const nodes = this.byService.get(serviceId);
    nodes?.delete(node);
    if (nodes?.size === 0) this.byService.delete(serviceId);
  }
}
