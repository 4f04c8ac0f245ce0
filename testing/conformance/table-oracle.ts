/**
 * @module The truth about tables in a graph, searched by brute force: who is connected with whom and at what cost, where a message ends
 * that follows the tables' answers, and who gets a copy of a broadcast.
 */
import { type NodeId, sharesPrefix } from '../../core/address/node-id.js';
import type { LinkMetric, RouteAction, RouterTable } from '../../core/api/router-table.js';
import { must } from './check-tools.js';
import type { TableEnd, TableMesh, TableNode } from './table-mesh.js';

/** What a link costs those who send over it: more than 0. */
export type LinkCost = (metric: LinkMetric) => number;

/** Where a message ended, on which links. */
export interface Walk<Table extends RouterTable> {
  /** The node that took it; `undefined`: one rejected it, or it went round. */
  readonly end: TableNode<Table> | undefined;
  readonly links: readonly TableEnd<Table>[];
  readonly isLoop: boolean;
}

export const UNREACHABLE = -1;
export const LOOP = -2;

/** The nodes that the graph connects with this one, itself included. */
export function reachableFrom<Table extends RouterTable>(
  start: TableNode<Table>,
  isOver: (node: TableNode<Table>) => boolean = () => true,
): Set<TableNode<Table>> {
  const seen = new Set([start]);
  for (const node of seen) for (const { peer } of node.ends.values()) if (isOver(peer)) seen.add(peer);
  return seen;
}

/** Follows the answers from node to node, as a message would go. */
export function walk<Table extends RouterTable>(
  { nodes }: TableMesh<Table>,
  start: TableNode<Table>,
  ask: (table: Table, except: number | undefined) => RouteAction,
): Walk<Table> {
  const links: TableEnd<Table>[] = [];
  let node = start;
  let except: number | undefined;
  while (links.length <= 4 * nodes.length) {
    const action = ask(node.table, except);
    if (action.type === 'local') return { end: node, links, isLoop: false };
    const link = action.type === 'next' ? node.ends.get(action.connectionId) : undefined;
    if (link === undefined) return { end: undefined, links, isLoop: false };
    links.push(link);
    except = link.peerConnectionId;
    node = link.peer;
  }
  return { end: undefined, links, isLoop: true };
}

export function walkTo<Table extends RouterTable>(mesh: TableMesh<Table>, start: TableNode<Table>, target: TableNode<Table>): Walk<Table> {
  return walk(mesh, start, (table, except) => table.pathToNode(target.id, except));
}

/** The number of hops on which a message to a node arrives, `UNREACHABLE` when some node has no path, `LOOP` when it goes round. */
export function follow<Table extends RouterTable>(mesh: TableMesh<Table>, start: TableNode<Table>, target: TableNode<Table>): number {
  const { end, links, isLoop } = walkTo(mesh, start, target);
  return isLoop ? LOOP : end === target ? links.length : UNREACHABLE;
}

export function costOf<Table extends RouterTable>(links: readonly TableEnd<Table>[], cost: LinkCost): number {
  return links.reduce((sum, { metric }) => sum + cost(metric), 0);
}

/** The least cost of every node that can be reached, by relaxing all links until they are stable. `isOver`: nodes that may be passed. */
export function leastCosts<Table extends RouterTable>(
  start: TableNode<Table>,
  cost: LinkCost,
  isOver: (node: TableNode<Table>) => boolean = () => true,
): Map<TableNode<Table>, number> {
  const costs = new Map([[start, 0]]);
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const node of [...costs.keys()]) {
      for (const { peer, metric } of node.ends.values()) {
        const sum = (costs.get(node) as number) + cost(metric);
        if (!isOver(peer) || sum >= (costs.get(peer) ?? Number.POSITIVE_INFINITY)) continue;
        costs.set(peer, sum);
        isChanged = true;
      }
    }
  }
  return costs;
}

/** The first pair that is not reached on the cheapest path, or is reached though no link leads there; `undefined`: all are right. */
export function faultOf<Table extends RouterTable>(mesh: TableMesh<Table>, cost: LinkCost): string | undefined {
  for (const [from, start] of mesh.nodes.entries()) {
    const least = leastCosts(start, cost);
    for (const [to, target] of mesh.nodes.entries()) {
      const wanted = least.get(target);
      if (wanted === undefined && start.table.pathToNode(target.id).type !== 'reject')
        return `${from} to ${to}: a path where there is none`;
      if (wanted === undefined) continue;
      const { end, links } = walkTo(mesh, start, target);
      const paid = end === target ? costOf(links, cost) : Number.POSITIVE_INFINITY;
      if (Math.abs(paid - wanted) > 1e-6 * wanted) return `${from} to ${to}: ${paid} instead of ${wanted}`;
    }
  }
  return undefined;
}

/** Every answer of every table names a link that is up, and not the one that the message came from. Holds at every moment. */
export function mustBeSound({ nodes }: TableMesh): void {
  for (const node of nodes) {
    for (const except of [undefined, ...node.ends.keys()]) {
      for (const { id } of nodes) {
        const action = node.table.pathToNode(id, except);
        if (action.type !== 'next') continue;
        must(action.connectionId !== except, `${node.id} returns its except for ${id}`);
        must(node.ends.get(action.connectionId)?.peer.id === action.nodeId, `${node.id} returns a connection that is not up for ${id}`);
      }
    }
  }
}

/** Who takes a copy of a broadcast. Every node looks at its first copy alone, as the engine does. */
export function broadcast(start: TableNode, serviceId: number, scope: number): Set<TableNode> {
  const takers = new Set<TableNode>();
  const seen = new Set([start]);
  const copies: { readonly node: TableNode; readonly except: number | undefined }[] = [{ node: start, except: undefined }];
  for (const { node, except } of copies) {
    const { local, next } = node.table.pathsToServices(serviceId, scope, except, start.id);
    if (local) takers.add(node);
    for (const { connectionId } of next) {
      const end = node.ends.get(connectionId);
      must(end !== undefined, `${node.id} copies to a connection that is not up`);
      must(connectionId !== except, `${node.id} copies to its except`);
      if (!seen.has(end.peer)) copies.push({ node: end.peer, except: end.peerConnectionId });
      seen.add(end.peer);
    }
  }
  return takers;
}

/** The nodes that a broadcast has to reach, among those that are connected with its sender. */
export function providersWithin(start: TableNode, serviceId: number, scope: number): TableNode[] {
  return [...reachableFrom(start)].filter(({ id, services }) => services.has(serviceId) && sharesPrefix(id, start.id, scope));
}

/** The plain truth, by numbers. */
export function closest(key: NodeId, nodes: readonly NodeId[]): NodeId {
  return nodes.reduce((best, next) => (distance(next, key) < distance(best, key) ? next : best));
}

export function distance(nodeId: NodeId, key: NodeId): bigint {
  return BigInt(`0x${nodeId}`) ^ BigInt(`0x${key}`);
}
