/**
 * @module LinkList: the links of a path-vector table, in the order in which they are preferred at equal cost: by node id, and then by age;
 * the youngest link to each neighbour, which is the one that syncs belong to; and a slot for each, a small number by which a
 * link may be kept.
 */
import type { NodeId } from '../../../core/address/node-id.js';
import type { RouteLink } from './route-link.js';

export class LinkList {
  readonly all: RouteLink[] = [];
  /** `undefined`: free. */
  readonly slots: (RouteLink | undefined)[] = [];
  /** By the neighbour's number. */
  private readonly youngest = new Map<number, RouteLink>();

  /** The youngest of the links to a neighbour. */
  to(node: number): RouteLink | undefined {
    return this.youngest.get(node);
  }

  freeSlot(): number {
    const free = this.slots.indexOf(undefined);
    return free < 0 ? this.slots.length : free;
  }

  add(link: RouteLink): void {
    this.slots[link.slot] = link;
    this.all.splice(this.behind(link.hop.nodeId), 0, link);
    this.prefer(link);
  }

  remove(link: RouteLink): void {
    this.all.splice(this.all.indexOf(link), 1);
    if (this.to(link.node) !== link) return;
    this.youngest.delete(link.node);
    for (const other of this.all) if (other.node === link.node) this.prefer(other);
  }

  /** Nothing keeps the removed link's slot any more. */
  vacate(link: RouteLink): void {
    this.slots[link.slot] = undefined;
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
