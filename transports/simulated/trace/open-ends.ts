/**
 * @module OpenEnds: the links of a run, from what each end says of its own: a link is there as long as one of its ends is open. A node may
 * have several links to another for a moment.
 */
export class OpenEnds {
  /** By node and other node: how many ends are open at the node. */
  private readonly byNode: Map<number, number>[] = [];
  /** The number of links. */
  count = 0;

  /** Returns whether there is a link where there was none. */
  opened(node: number, other: number): boolean {
    const isNew = !this.isLinked(node, other);
    const own = this.of(node);
    own.set(other, (own.get(other) ?? 0) + 1);
    if (isNew) this.count++;
    return isNew;
  }

  /** Returns whether there is no link any more. */
  closed(node: number, other: number): boolean {
    const own = this.of(node);
    const count = own.get(other);
    if (count === undefined) return false;
    if (count > 1) own.set(other, count - 1);
    else own.delete(other);
    const isOver = !this.isLinked(node, other);
    if (isOver) this.count--;
    return isOver;
  }

  /** The node is gone with all its ends. Returns the nodes to which there is no link any more. */
  gone(node: number): number[] {
    const others = [...this.of(node).keys()];
    this.of(node).clear();
    const over = others.filter((other) => !this.isLinked(node, other));
    this.count -= over.length;
    return over;
  }

  private isLinked(node: number, other: number): boolean {
    return this.of(node).has(other) || this.of(other).has(node);
  }

  private of(node: number): Map<number, number> {
    const ends = this.byNode[node] ?? new Map<number, number>();
    this.byNode[node] = ends;
    return ends;
  }
}
