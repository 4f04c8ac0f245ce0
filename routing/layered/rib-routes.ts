/**
 * @module RibRoutes: what a `Rib` knows, as `Routes`. Zones of this node's own stand in the RIB, so that they can be advertised, over links
 * that lead nowhere: these are no destinations.
 */
import type { NodeId } from '../../core/address/node-id.js';
import type { NextAction } from '../links/neighbours.js';
import type { Rib } from '../path-vector/rib/rib.js';
import type { RouteLink } from '../path-vector/rib/route-link.js';
import { SELF } from '../path-vector/structures/node-list.js';
import type { Routes } from '../path-vector/zones/zoned-routes.js';

export class RibRoutes implements Routes<number> {
  constructor(
    private readonly rib: Rib,
    private readonly linkFor: (node: number, except: number | undefined) => RouteLink | undefined,
  ) {}

  find(id: NodeId): number | undefined {
    const node = this.rib.nodes.find(id);
    return node === undefined || node === SELF || !this.isDestination(node) ? undefined : node;
  }

  idOf(node: number): NodeId {
    return this.rib.nodes.idOf(node);
  }

  routeTo(node: number, except: number | undefined): NextAction | undefined {
    return this.linkFor(node, except)?.action;
  }

  costOf(node: number): number {
    return this.rib.locRib.linkOf(node)?.ribIn.costOf(node) ?? Number.POSITIVE_INFINITY;
  }

  closest(key: NodeId): number | undefined {
    const node = this.rib.keys.closest(key);
    return node === SELF ? undefined : node;
  }

  closestOf(key: NodeId, isAccepted: (node: number) => boolean): number | undefined {
    const node = this.rib.keys.closestOf(key, (candidate) => candidate === SELF || isAccepted(candidate));
    return node === SELF ? undefined : node;
  }

  *providers(serviceId: number): Iterable<number> {
    for (const node of this.rib.providers.of(serviceId)) if (this.isDestination(node)) yield node;
  }

  isProvider(node: number, serviceId: number): boolean {
    return this.rib.providers.of(serviceId).has(node) && this.isDestination(node);
  }

  /** What is no destination comes last. */
  nearest(serviceId: number, isBefore: (node: number, than: number) => boolean): number | undefined {
    const node = this.rib.providers.nearest(
      serviceId,
      (one, than) => this.isDestination(one) && (!this.isDestination(than) || isBefore(one, than)),
    );
    return node === undefined || !this.isDestination(node) ? undefined : node;
  }

  /** Whether it can be reached, and is not a zone of this node's own. */
  private isDestination(node: number): boolean {
    const connectionId = this.rib.locRib.linkOf(node)?.connectionId;
    return connectionId !== undefined && connectionId >= 0;
  }
}
