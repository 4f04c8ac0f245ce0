/**
 * @module Many router tables in one graph, kept in step as the router-sync behaviour would do it: in every round each table writes a sync for
 * each of its neighbours, then its news, and the neighbours take them at once. Delivery is in order and without loss, as on a link; there
 * is no time in it. What is true of the graph is searched in `table-oracle.ts`.
 */
import type { NodeId } from '../../core/address/node-id.js';
import type { LinkMetric, RouterTable } from '../../core/api/router-table.js';
import { must } from './check-tools.js';

/** One end of a link. */
export interface TableEnd<Table extends RouterTable = RouterTable> {
  readonly peer: TableNode<Table>;
  readonly peerConnectionId: number;
  metric: LinkMetric;
  lastSync: Uint8Array | undefined;
}

export interface TableNode<Table extends RouterTable = RouterTable> {
  readonly id: NodeId;
  table: Table;
  readonly services: Set<number>;
  /** By connection id. */
  readonly ends: Map<number, TableEnd<Table>>;
}

/** Whether a sync has any content. `before`: the one before it on its link. */
export type IsNews = (sync: Uint8Array, before: Uint8Array | undefined) => boolean;

/** So many rounds without news in a row are quiet. */
const QUIET_ROUNDS = 4;
/** News that a table may have for one neighbour at once. */
const NEWS_MAX = 1_000;

export function measured(rttMs: number): LinkMetric {
  return { rttMs, lossRatio: 0, bandwidth: undefined };
}

export class TableMesh<Table extends RouterTable = RouterTable> {
  readonly nodes: TableNode<Table>[];
  /** Bytes of all syncs so far, and how many there were. */
  bytes = 0;
  syncs = 0;
  private connectionId = 0;

  constructor(
    ids: readonly NodeId[],
    private readonly make: () => Table,
    private readonly isNews: IsNews = isOther,
  ) {
    this.nodes = ids.map((id) => ({ id, table: this.fresh(id), services: new Set(), ends: new Map() }));
  }

  node(index: number): TableNode<Table> {
    return this.nodes[index] as TableNode<Table>;
  }

  connect(a: TableNode<Table>, b: TableNode<Table>, metric: LinkMetric = measured(20)): void {
    const [atA, atB] = [++this.connectionId, ++this.connectionId];
    this.open(a, atA, { peer: b, peerConnectionId: atB, metric, lastSync: undefined });
    this.open(b, atB, { peer: a, peerConnectionId: atA, metric, lastSync: undefined });
  }

  /** By the numbers of the nodes. */
  connectAll(edges: readonly (readonly [number, number])[], rttOf: (index: number) => number = () => 20): this {
    for (const [index, [a, b]] of edges.entries()) this.connect(this.node(a), this.node(b), measured(rttOf(index)));
    return this;
  }

  areLinked(a: TableNode<Table>, b: TableNode<Table>): boolean {
    return [...a.ends.values()].some(({ peer }) => peer === b);
  }

  connectionTo(a: TableNode<Table>, b: TableNode<Table>): number {
    for (const [connectionId, { peer }] of a.ends) if (peer === b) return connectionId;
    throw new Error('the two nodes are not linked');
  }

  measure(node: TableNode<Table>, connectionId: number, metric: LinkMetric): void {
    const end = node.ends.get(connectionId) as TableEnd<Table>;
    const other = end.peer.ends.get(end.peerConnectionId) as TableEnd<Table>;
    end.metric = metric;
    other.metric = metric;
    node.table.linkMetric(connectionId, metric);
    end.peer.table.linkMetric(end.peerConnectionId, metric);
  }

  /** The link ends at both sides. */
  cut(a: TableNode<Table>, b: TableNode<Table>): void {
    const connectionId = this.connectionTo(a, b);
    const { peerConnectionId } = a.ends.get(connectionId) as TableEnd<Table>;
    a.ends.delete(connectionId);
    b.ends.delete(peerConnectionId);
    a.table.linkDown(connectionId);
    b.table.linkDown(peerConnectionId);
  }

  isolate(node: TableNode<Table>): void {
    for (const { peer } of [...node.ends.values()]) this.cut(node, peer);
  }

  /** A new table in the place of the old one, as `node.useRouter` does it: primed with everything of now. */
  swap(node: TableNode<Table>): void {
    node.table = this.fresh(node.id);
    for (const serviceId of node.services) node.table.registerService(serviceId);
    for (const [connectionId, end] of node.ends) this.prime(node, connectionId, end);
  }

  /** All links go, and come back to an empty node. */
  restart(node: TableNode<Table>): void {
    const ends = [...node.ends.values()];
    this.isolate(node);
    this.swap(node);
    for (const { peer, metric } of ends) this.connect(node, peer, metric);
  }

  offer(node: TableNode<Table>, serviceId: number): void {
    node.services.add(serviceId);
    node.table.registerService(serviceId);
    this.tellServices(node);
  }

  withdraw(node: TableNode<Table>, serviceId: number): void {
    node.services.delete(serviceId);
    node.table.unregisterService(serviceId);
    this.tellServices(node);
  }

  /** Every node's syncs for all neighbours, each taken at once; whether any of them was news. */
  round(): boolean {
    let isAny = false;
    for (const node of this.nodes) {
      for (const end of [...node.ends.values()]) {
        const sync = node.table.createSync(end.peer.id);
        if (sync !== undefined) isAny = this.deliver(end, sync) || isAny;
        isAny = this.newsOf(node, end) || isAny;
      }
    }
    return isAny;
  }

  rounds(count: number): void {
    for (let round = 0; round < count; round++) this.round();
  }

  /** The news of all nodes, each taken at once, until there are none: no round passes. */
  news(): void {
    for (let isAny = true; isAny; ) {
      isAny = false;
      for (const node of this.nodes) for (const end of [...node.ends.values()]) isAny = this.newsOf(node, end) || isAny;
    }
  }

  /** Rounds until all are quiet, and how many it took; `undefined`: some table still had news at the end. */
  rest(roundsMax: number): number | undefined {
    let quiet = 0;
    for (let round = 1; round <= roundsMax; round++) {
      quiet = this.round() ? 0 : quiet + 1;
      if (quiet === QUIET_ROUNDS) return round - quiet;
    }
    return undefined;
  }

  /** The same for tables that have to come to rest. */
  settle(roundsMax = 200): number {
    const rounds = this.rest(roundsMax);
    must(rounds !== undefined, `the tables are not quiet after ${roundsMax} rounds`);
    return rounds;
  }

  /** Hands a sync over; whether it was news. */
  deliver(end: TableEnd<Table>, sync: Uint8Array): boolean {
    this.syncs++;
    this.bytes += sync.length;
    const isNews = this.isNews(sync, end.lastSync);
    end.lastSync = sync.slice();
    end.peer.table.applySync(end.peerConnectionId, end.metric, sync.slice());
    return isNews;
  }

  private newsOf(node: TableNode<Table>, end: TableEnd<Table>): boolean {
    let isAny = false;
    for (let count = 0; ; count++) {
      const news = node.table.createNews(end.peer.id);
      if (news === undefined) return isAny;
      must(count < NEWS_MAX, `${node.id} has news without end`);
      isAny = this.deliver(end, news) || isAny;
    }
  }

  private tellServices(node: TableNode<Table>): void {
    for (const { peer, peerConnectionId } of node.ends.values()) peer.table.linkServices(peerConnectionId, [...node.services]);
  }

  private open(node: TableNode<Table>, connectionId: number, end: TableEnd<Table>): void {
    node.ends.set(connectionId, end);
    this.prime(node, connectionId, end);
  }

  private prime({ table }: TableNode<Table>, connectionId: number, { peer, metric }: TableEnd<Table>): void {
    table.linkUp(connectionId, peer.id);
    table.linkMetric(connectionId, metric);
    table.linkServices(connectionId, [...peer.services]);
  }

  private fresh(id: NodeId): Table {
    const table = this.make();
    table.attach(id);
    return table;
  }
}

function isOther(sync: Uint8Array, before: Uint8Array | undefined): boolean {
  return before?.length !== sync.length || sync.some((byte, index) => byte !== before[index]);
}
