/**
 * @module Many tables in one graph, as the router-sync behaviour would run them: every round each table writes a sync for each of its
 * neighbours and the neighbour takes it, until the round brings nothing new. The oracle is a search through the graph. Delivery is in
 * order and without loss, as on a link; there is no time in it.
 */
import type { NodeId } from '../../core/node-id.js';
import type { LinkMetric, RouterTable } from '../../core/router-table.js';
import { must, type SeededRandom } from './check-tools.js';

interface MeshLink {
  readonly peer: MeshNode;
  readonly peerConnectionId: number;
  readonly metric: LinkMetric;
  lastSync: string;
}

export interface MeshNode {
  readonly id: NodeId;
  table: RouterTable;
  readonly services: Set<number>;
  readonly links: Map<number, MeshLink>;
}

export class Mesh {
  readonly nodes: MeshNode[];
  #connectionId = 0;

  constructor(
    readonly factory: () => RouterTable,
    readonly random: SeededRandom,
    ids: readonly NodeId[],
  ) {
    this.nodes = ids.map((id) => ({ id, table: this.#fresh(id), services: new Set(), links: new Map() }));
  }

  connect(a: MeshNode, b: MeshNode): void {
    const metric = { rttMs: 1 + this.random.below(100), lossRatio: 0, bandwidth: undefined };
    const [atA, atB] = [++this.#connectionId, ++this.#connectionId];
    this.#open(a, atA, { peer: b, peerConnectionId: atB, metric, lastSync: '' });
    this.#open(b, atB, { peer: a, peerConnectionId: atA, metric, lastSync: '' });
  }

  /** Ends the link at both ends. */
  cut(node: MeshNode, connectionId: number): void {
    const link = node.links.get(connectionId);
    if (link === undefined) return;
    link.peer.links.delete(link.peerConnectionId);
    node.links.delete(connectionId);
    link.peer.table.linkDown(link.peerConnectionId);
    node.table.linkDown(connectionId);
  }

  /** The node comes back with a new table and the same neighbours. */
  restart(node: MeshNode): void {
    const peers = [...node.links.values()].map((link) => link.peer);
    for (const connectionId of [...node.links.keys()]) this.cut(node, connectionId);
    node.table = this.#fresh(node.id);
    for (const serviceId of node.services) node.table.registerService(serviceId);
    for (const peer of peers) this.connect(node, peer);
  }

  offer(node: MeshNode, serviceId: number): void {
    node.services.add(serviceId);
    node.table.registerService(serviceId);
    this.#tellServices(node);
  }

  withdraw(node: MeshNode, serviceId: number): void {
    node.services.delete(serviceId);
    node.table.unregisterService(serviceId);
    this.#tellServices(node);
  }

  /** One sync on every link in each direction; whether anything new was said. */
  round(): boolean {
    let isNew = false;
    for (const node of this.nodes) {
      for (const link of node.links.values()) {
        const sync = node.table.createSync(link.peer.id);
        if (sync === undefined) continue;
        const text = sync.join();
        isNew ||= text !== link.lastSync;
        link.lastSync = text;
        link.peer.table.applySync(link.peerConnectionId, link.metric, sync.slice());
      }
    }
    return isNew;
  }

  /** Rounds until nothing new is said, at most four for each node: a table that needs more counts to infinity. */
  settle(): void {
    for (let round = 0; round < 4 * this.nodes.length + 4; round++) if (!this.round()) return;
  }

  /** The nodes that the graph connects with this one, itself included. */
  reachableFrom(start: MeshNode): Set<MeshNode> {
    const seen = new Set([start]);
    for (const node of seen) for (const link of node.links.values()) seen.add(link.peer);
    return seen;
  }

  /** Every answer of every table names a link that is up, and not the one that the message came from. Holds at every moment. */
  mustBeSound(): void {
    for (const node of this.nodes) {
      for (const except of [undefined, ...node.links.keys()]) {
        for (const { id } of this.nodes) {
          const action = node.table.pathToNode(id, except);
          if (action.type !== 'next') continue;
          must(action.connectionId !== except, `${node.id} answers its except for ${id}`);
          must(node.links.get(action.connectionId)?.peer.id === action.nodeId, `${node.id} answers a connection that is not up for ${id}`);
        }
      }
    }
  }

  /** Follows the answers from node to node, as a message would go; the node that takes it, or `undefined` if one rejects. */
  follow(
    start: MeshNode,
    ask: (table: RouterTable, except: number | undefined) => ReturnType<RouterTable['pathToNode']>,
  ): MeshNode | undefined {
    let node = start;
    let except: number | undefined;
    for (let hop = 0; hop <= this.nodes.length; hop++) {
      const action = ask(node.table, except);
      if (action.type === 'local') return node;
      const link = action.type === 'next' ? node.links.get(action.connectionId) : undefined;
      if (link === undefined) return undefined;
      except = link.peerConnectionId;
      node = link.peer;
    }
    return must(false, `a message of ${start.id} goes round in a circle`) as never;
  }

  #open(node: MeshNode, connectionId: number, link: MeshLink): void {
    node.links.set(connectionId, link);
    node.table.linkUp(connectionId, link.peer.id);
    node.table.linkMetric(connectionId, link.metric);
    node.table.linkServices(connectionId, [...link.peer.services]);
  }

  #tellServices(node: MeshNode): void {
    for (const { peer, peerConnectionId } of node.links.values()) peer.table.linkServices(peerConnectionId, [...node.services]);
  }

  #fresh(id: NodeId): RouterTable {
    const table = this.factory();
    table.attach(id);
    return table;
  }
}
