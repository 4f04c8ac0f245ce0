/**
 * @module LinkList: the links of a path-vector table, in the order in which they are preferred at equal cost: by node id, and then by age
 * (H-29); and the youngest link to each neighbour, which is the one that syncs belong to.
 */
import type { NodeId } from '../../core/node-id.js';
import type { RouteLink } from './route-link.js';

export class LinkList {
  readonly all: RouteLink[] = [];
  /** By the neighbour's number. */
  private readonly youngest = new Map<number, RouteLink>();

  /** The youngest of the links to a neighbour. */
  to(node: number): RouteLink | undefined {
    return this.youngest.get(node);
  }

  add(link: RouteLink): void {
    this.all.splice(this.behind(link.hop.nodeId), 0, link);
    this.prefer(link);
  }

  remove(link: RouteLink): void {
    this.all.splice(this.all.indexOf(link), 1);
    if (this.to(link.node) !== link) return;
    this.youngest.delete(link.node);
    for (const other of this.all) if (other.node === link.node) this.prefer(other);
  }

  private prefer(link: RouteLink): void {
    if (link.connectionId >= (this.to(link.node)?.connectionId ?? 0)) this.youngest.set(link.node, link);
  }

  /** The place behind all links to nodes with the same id or a smaller one. */
  private behind(nodeId: NodeId): number {
    let [low, high] = [0, this.all.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.all[middle] as RouteLink).hop.nodeId > nodeId) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
