/**
 * @module Path-vector tables in a graph of which the test knows everything: `TableMesh` with tables of this kind, and their costs.
 */
import type { NodeId } from '../../../core/address/node-id.js';
import type { LinkMetric } from '../../../core/api/router-table.js';
import { PathVectorRouter } from '../../../routing/path-vector/path-vector-router.js';
import type { PathVectorOptions } from '../../../routing/path-vector/rib/options.js';
import type { SeededRandom } from '../../../testing/conformance/check-tools.js';
import { measured, type TableEnd, TableMesh, type TableNode as TableNodeOf } from '../../../testing/conformance/table-mesh.js';
import { faultOf, follow, reachableFrom } from '../../../testing/conformance/table-oracle.js';
import { A, B, SELF } from '../ids.js';

export { measured } from '../../../testing/conformance/table-mesh.js';
export { LOOP, UNREACHABLE } from '../../../testing/conformance/table-oracle.js';

export type TableNode = TableNodeOf<PathVectorRouter>;

/** Without losses: half the round trip and 10 ms for the hop, in tenths of a millisecond. */
export function linkCost({ rttMs }: LinkMetric): number {
  return Math.round((rttMs ?? 200) * 5) + 100;
}

/** A sync that only has the digest ends with three counts of 0. */
export function hasEntries(sync: Uint8Array): boolean {
  return sync.slice(-3).some((count) => count > 0);
}

export class TableNet extends TableMesh<PathVectorRouter> {
  constructor(ids: readonly NodeId[], options: PathVectorOptions = {}) {
    super(ids, () => new PathVectorRouter(options), hasEntries);
  }

  static random(random: SeededRandom, count: number, options: PathVectorOptions = {}): TableNet {
    return new TableNet(
      Array.from({ length: count }, () => random.nodeId()),
      options,
    );
  }

  reachable(start: TableNode): Set<TableNode> {
    return reachableFrom(start);
  }

  /** The number of hops, `UNREACHABLE` or `LOOP`. */
  follow(start: TableNode, target: TableNode): number {
    return follow(this, start, target);
  }

  /** The first pair that is not reached on the cheapest way, or is reached though no link leads there; `undefined`: all are right. */
  fault(): string | undefined {
    return faultOf(this, linkCost);
  }
}

/** A - SELF - B, settled unless said otherwise. */
export function threeInLine(isSettled = true): { net: TableNet; a: TableNode; self: TableNode; b: TableNode } {
  const net = new TableNet([A, SELF, B]);
  const [a, self, b] = [net.node(0), net.node(1), net.node(2)];
  net.connect(a, self, measured(20));
  net.connect(self, b, measured(40));
  if (isSettled) net.settle();
  return { net, a, self, b };
}

/** The sync, carried to the other end of the first link that leads there. */
export function carry(net: TableNet, from: TableNode, to: TableNode, sync: Uint8Array | undefined): void {
  if (sync !== undefined) net.deliver(from.ends.get(net.connectionTo(from, to)) as TableEnd<PathVectorRouter>, sync);
}
