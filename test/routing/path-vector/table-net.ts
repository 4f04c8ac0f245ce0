/**
 * @module Path-vector tables in a graph of which the test knows everything: syncs go in rounds, in order and without loss, and the truth
 * (who is reached, and at what cost) is searched by brute force. There is no time in it.
 */
import type { NodeId } from '../../../core/node-id.js';
import type { LinkMetric, RouteAction } from '../../../core/router-table.js';
import type { PathVectorOptions } from '../../../routing/path-vector/options.js';
import { PathVectorRouter } from '../../../routing/path-vector/path-vector-router.js';
import type { SeededRandom } from '../../../testing/conformance/check-tools.js';
import { A, B, SELF } from '../ids.js';
import type { Edge } from './shapes.js';

export interface End {
  readonly peer: TableNode;
  readonly peerConnectionId: number;
  metric: LinkMetric;
}

export interface TableNode {
  readonly id: NodeId;
  table: PathVectorRouter;
  readonly services: Set<number>;
  readonly ends: Map<number, End>;
}

export const UNREACHABLE = -1;
export const LOOP = -2;

export function measured(rttMs: number): LinkMetric {
  return { rttMs, lossRatio: 0, bandwidth: undefined };
}

export class TableNet {
  readonly nodes: TableNode[];
  /** Bytes of all syncs so far, and how many there were. */
  bytes = 0;
  syncs = 0;
  private connectionId = 0;

  constructor(
    ids: readonly NodeId[],
    private readonly options: PathVectorOptions = {},
  ) {
    this.nodes = ids.map((id) => ({ id, table: this.fresh(id), services: new Set(), ends: new Map() }));
  }

  static random(random: SeededRandom, count: number, options: PathVectorOptions = {}): TableNet {
    return new TableNet(
      Array.from({ length: count }, () => random.nodeId()),
      options,
    );
  }

  node(index: number): TableNode {
    return this.nodes[index] as TableNode;
  }

  connect(a: TableNode, b: TableNode, metric: LinkMetric = measured(20)): void {
    const [atA, atB] = [++this.connectionId, ++this.connectionId];
    this.open(a, atA, { peer: b, peerConnectionId: atB, metric });
    this.open(b, atB, { peer: a, peerConnectionId: atA, metric });
  }

  /** By the numbers of the nodes. */
  connectAll(edges: readonly Edge[], rttOf: (index: number) => number = () => 20): this {
    for (const [index, [a, b]] of edges.entries()) this.connect(this.node(a), this.node(b), measured(rttOf(index)));
    return this;
  }

  areLinked(a: TableNode, b: TableNode): boolean {
    return [...a.ends.values()].some(({ peer }) => peer === b);
  }

  connectionTo(a: TableNode, b: TableNode): number {
    for (const [connectionId, { peer }] of a.ends) if (peer === b) return connectionId;
    throw new Error('the two nodes are not linked');
  }

  measure(node: TableNode, connectionId: number, metric: LinkMetric): void {
    const end = node.ends.get(connectionId) as End;
    const other = end.peer.ends.get(end.peerConnectionId) as End;
    end.metric = metric;
    other.metric = metric;
    node.table.linkMetric(connectionId, metric);
    end.peer.table.linkMetric(end.peerConnectionId, metric);
  }

  cut(a: TableNode, b: TableNode): void {
    const connectionId = this.connectionTo(a, b);
    const { peerConnectionId } = a.ends.get(connectionId) as End;
    a.ends.delete(connectionId);
    b.ends.delete(peerConnectionId);
    a.table.linkDown(connectionId);
    b.table.linkDown(peerConnectionId);
  }

  isolate(node: TableNode): void {
    for (const { peer } of [...node.ends.values()]) this.cut(node, peer);
  }

  /** A new table in the place of the old one, as `node.useRouter` does it: primed with everything of now. */
  swap(node: TableNode): void {
    node.table = this.fresh(node.id);
    for (const serviceId of node.services) node.table.registerService(serviceId);
    for (const [connectionId, end] of node.ends) this.prime(node, connectionId, end);
  }

  offer(node: TableNode, serviceId: number): void {
    node.services.add(serviceId);
    node.table.registerService(serviceId);
    for (const { peer, peerConnectionId } of node.ends.values()) peer.table.linkServices(peerConnectionId, [...node.services]);
  }

  /** Every node's syncs for all neighbours, each taken at once; whether any of them had more than a digest. */
  round(): boolean {
    let isNew = false;
    for (const node of this.nodes) {
      for (const end of [...node.ends.values()]) {
        for (let sync = node.table.createSync(end.peer.id); sync !== undefined; sync = node.table.createNews(end.peer.id)) {
          isNew ||= sync.slice(-3).some((count) => count > 0);
          this.deliver(end, sync);
        }
      }
    }
    return isNew;
  }

  /** The news of all nodes, each taken at once, until there are none: no round passes. */
  news(): void {
    for (let isAny = true; isAny; ) {
      isAny = false;
      for (const node of this.nodes) {
        for (const end of [...node.ends.values()]) {
          for (let sync = node.table.createNews(end.peer.id); sync !== undefined; sync = node.table.createNews(end.peer.id)) {
            isAny = true;
            this.deliver(end, sync);
          }
        }
      }
    }
  }

  deliver({ peer, peerConnectionId, metric }: End, sync: Uint8Array): void {
    this.syncs++;
    this.bytes += sync.length;
    peer.table.applySync(peerConnectionId, metric, sync.slice());
  }

  rounds(count: number): void {
    for (let round = 0; round < count; round++) this.round();
  }

  /** Rounds until everything is quiet and nothing waits; how many it took. */
  settle(roundsMax = 200): number {
    let quiet = 0;
    for (let round = 1; round <= roundsMax; round++) {
      quiet = this.round() ? 0 : quiet + 1;
      if (quiet === 4) return round - quiet;
    }
    throw new Error(`not quiet after ${roundsMax} rounds`);
  }

  reachable(start: TableNode): Set<TableNode> {
    const seen = new Set([start]);
    for (const node of seen) for (const { peer } of node.ends.values()) seen.add(peer);
    return seen;
  }

  /** The number of hops on which a message arrives, `UNREACHABLE` when a node has no way, `LOOP` when it goes round. */
  follow(start: TableNode, target: TableNode): number {
    let node = start;
    let except: number | undefined;
    for (let hop = 0; hop <= 4 * this.nodes.length; hop++) {
      const action: RouteAction = node.table.pathToNode(target.id, except);
      if (action.type === 'local') return node === target ? hop : UNREACHABLE;
      const end = action.type === 'next' ? node.ends.get(action.connectionId) : undefined;
      if (end === undefined) return UNREACHABLE;
      except = end.peerConnectionId;
      node = end.peer;
    }
    return LOOP;
  }

  /** What the followed way costs by the documented formula without losses, in tenths of a millisecond. */
  followedCost(start: TableNode, target: TableNode): number {
    let node = start;
    let except: number | undefined;
    let cost = 0;
    while (node !== target) {
      const action: RouteAction = node.table.pathToNode(target.id, except);
      const end = action.type === 'next' ? node.ends.get(action.connectionId) : undefined;
      if (end === undefined || cost > 1e9) return Number.POSITIVE_INFINITY;
      cost += linkCost(end);
      except = end.peerConnectionId;
      node = end.peer;
    }
    return cost;
  }

  /** The least cost of every node that can be reached, by relaxing all links until nothing changes. */
  leastCosts(start: TableNode): Map<TableNode, number> {
    const costs = new Map([[start, 0]]);
    for (let isChanged = true; isChanged; ) {
      isChanged = false;
      for (const node of [...costs.keys()]) {
        for (const end of node.ends.values()) {
          const cost = (costs.get(node) as number) + linkCost(end);
          if (cost >= (costs.get(end.peer) ?? Number.POSITIVE_INFINITY)) continue;
          costs.set(end.peer, cost);
          isChanged = true;
        }
      }
    }
    return costs;
  }

  /** The first pair that is not reached on the cheapest way, or is reached though no link leads there; `undefined`: all are right. */
  fault(): string | undefined {
    for (const start of this.nodes) {
      const least = this.leastCosts(start);
      for (const target of this.nodes) {
        const cost = least.get(target);
        const pair = `${this.nodes.indexOf(start)} to ${this.nodes.indexOf(target)}`;
        if (cost === undefined && start.table.pathToNode(target.id).type !== 'reject') return `${pair}: a way where there is none`;
        if (cost !== undefined && this.followedCost(start, target) !== cost)
          return `${pair}: ${this.followedCost(start, target)} instead of ${cost}`;
      }
    }
    return undefined;
  }

  private open(node: TableNode, connectionId: number, end: End): void {
    node.ends.set(connectionId, end);
    this.prime(node, connectionId, end);
  }

  private prime({ table }: TableNode, connectionId: number, { peer, metric }: End): void {
    table.linkUp(connectionId, peer.id);
    table.linkMetric(connectionId, metric);
    table.linkServices(connectionId, [...peer.services]);
  }

  private fresh(id: NodeId): PathVectorRouter {
    const table = new PathVectorRouter(this.options);
    table.attach(id);
    return table;
  }
}

/** Half the round trip and 10 ms for the hop. */
function linkCost({ metric }: End): number {
  return Math.round((metric.rttMs ?? 200) * 5) + 100;
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
  if (sync !== undefined) net.deliver(from.ends.get(net.connectionTo(from, to)) as End, sync);
}
