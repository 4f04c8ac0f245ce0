/**
 * @module BookWays: what a `RouteBook` knows, as `Ways`. Zones of this node's own stand in the book, so that others can be told of them,
 * over links that lead nowhere: these are no goals.
 */
import type { NodeId } from '../../core/address/node-id.js';
import type { NextAction } from '../links/neighbours.js';
import type { RouteBook } from '../path-vector/rib/rib.js';
import type { RouteLink } from '../path-vector/rib/route-link.js';
import { SELF } from '../path-vector/structures/node-list.js';
import type { Ways } from '../path-vector/zones/zoned-routes.js';

export class BookWays implements Ways<number> {
  constructor(
    private readonly book: RouteBook,
    private readonly linkFor: (node: number, except: number | undefined) => RouteLink | undefined,
  ) {}

  find(id: NodeId): number | undefined {
    const node = this.book.nodes.find(id);
    return node === undefined || node === SELF || !this.isGoal(node) ? undefined : node;
  }

  idOf(node: number): NodeId {
    return this.book.nodes.idOf(node);
  }

  wayTo(node: number, except: number | undefined): NextAction | undefined {
    return this.linkFor(node, except)?.action;
  }

  costOf(node: number): number {
    return this.book.states.linkOf(node)?.columns.costOf(node) ?? Number.POSITIVE_INFINITY;
  }

  closest(key: NodeId): number | undefined {
    const node = this.book.keys.closest(key);
    return node === SELF ? undefined : node;
  }

  closestOf(key: NodeId, isAccepted: (node: number) => boolean): number | undefined {
    const node = this.book.keys.closestOf(key, (candidate) => candidate === SELF || isAccepted(candidate));
    return node === SELF ? undefined : node;
  }

  *providers(serviceId: number): Iterable<number> {
    for (const node of this.book.providers.of(serviceId)) if (this.isGoal(node)) yield node;
  }

  isProvider(node: number, serviceId: number): boolean {
    return this.book.providers.of(serviceId).has(node) && this.isGoal(node);
  }

  /** What is no goal comes last. */
  nearest(serviceId: number, isBefore: (node: number, than: number) => boolean): number | undefined {
    const node = this.book.providers.nearest(serviceId, (one, than) => this.isGoal(one) && (!this.isGoal(than) || isBefore(one, than)));
    return node === undefined || !this.isGoal(node) ? undefined : node;
  }

  /** Whether it can be reached, and is not a zone of this node's own. */
  private isGoal(node: number): boolean {
    const connectionId = this.book.states.linkOf(node)?.connectionId;
    return connectionId !== undefined && connectionId >= 0;
  }
}
