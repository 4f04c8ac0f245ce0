/**
 * @module Providers: which nodes offer a service, and which of them is nearest. It follows what the table reports of every node; what
 * it keeps is bounded by nodes times 256 services.
 */
import { NodeSet } from '../structures/node-set.js';
import type { ServiceSets } from '../structures/service-sets.js';

/** Nodes that are looked at only. */
export type NodeView = Pick<NodeSet, 'has' | 'size'> & Iterable<number>;

const NOBODY: NodeView = new NodeSet();

/** Of one service. */
interface Offered {
  readonly nodes: NodeSet;
  /** The answer that holds until something about a provider changes. */
  nearest: number | undefined;
}

export class Providers {
  /**
   * Services that were offered once, 256 at most. Nothing is taken out: a map that turns its entries over makes tables that refer to each other, which a
   * collection of the young generation keeps alive with everything that was ever in them.
   */
  private readonly byService = new Map<number, Offered>();

  constructor(private readonly sets: ServiceSets) {}

  /** The nodes that offer the service and can be reached, this one excluded. */
  of(serviceId: number): NodeView {
    return this.byService.get(serviceId)?.nodes ?? NOBODY;
  }

  /** Every service that is offered, with its providers. */
  *all(): Iterable<readonly [serviceId: number, providers: NodeView]> {
    for (const [serviceId, { nodes }] of this.byService) if (nodes.size > 0) yield [serviceId, nodes];
  }

  /** The node's list was `before` and is `after` now; or its cost has changed, and both are the same. */
  update(node: number, before: number, after: number): void {
    if (before !== after) for (const serviceId of this.sets.listOf(before)) this.take(serviceId, node);
    for (const serviceId of this.sets.listOf(after)) {
      const offered = this.offered(serviceId);
      offered.nearest = undefined;
      if (before !== after) offered.nodes.add(node);
    }
  }

  /** The provider that is better than every other one by `isBetter`. */
  nearest(serviceId: number, isBetter: (node: number, than: number) => boolean): number | undefined {
    const offered = this.byService.get(serviceId);
    if (offered === undefined || offered.nearest !== undefined) return offered?.nearest;
    for (const node of offered.nodes) if (offered.nearest === undefined || isBetter(node, offered.nearest)) offered.nearest = node;
    return offered.nearest;
  }

  private offered(serviceId: number): Offered {
    const known = this.byService.get(serviceId);
    if (known !== undefined) return known;
    const offered: Offered = { nodes: new NodeSet(), nearest: undefined };
    this.byService.set(serviceId, offered);
    return offered;
  }

  private take(serviceId: number, node: number): void {
    const offered = this.byService.get(serviceId);
    if (offered === undefined) return;
    offered.nearest = undefined;
    offered.nodes.delete(node);
  }
}
