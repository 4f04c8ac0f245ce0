/**
 * @module Targets: which node a route leads to, so that a stream stays with it. The provider of a service, and the node that is closest to a key,
 * are chosen when the stream is opened.
 */
import type { BehaviorAgent, NodeId, Route, RouterTable } from '../../core/index.js';

/** A stream goes to one node. */
export type StreamRoute = Exclude<Route, { type: 'services' }>;

/** The neighbour at the other end of a connection, a node by id, or nobody. */
export type Target = { readonly connectionId: number } | { readonly nodeId: NodeId } | undefined;

export type TargetTable = Pick<RouterTable, 'pathToNode' | 'pathToService' | 'providerOf' | 'closest'>;

export function targetOf(agent: BehaviorAgent, table: TargetTable, route: StreamRoute, serviceId: number): Target {
  switch (route.type) {
    case 'local':
      return { nodeId: agent.nodeId };
    case 'connection':
      return { connectionId: route.connectionId };
    case 'node':
      return { nodeId: route.nodeId };
    case 'next-hop': {
      const action = table.pathToNode(route.nodeId);
      return action.type === 'next' ? { connectionId: action.connectionId } : undefined;
    }
    case 'key': {
      const [nodeId] = table.closest(route.key, 1).nodes;
      return nodeId && { nodeId };
    }
    case 'service':
      return providerOf(agent, table, route.serviceId ?? serviceId, route.meta);
  }
}

function providerOf(agent: BehaviorAgent, table: TargetTable, serviceId: number, meta: number): Target {
  const provider = table.providerOf(serviceId, meta);
  if (provider !== undefined) return { nodeId: provider };
  const action = table.pathToService(serviceId, meta);
  if (action.type === 'reject') return undefined;
  return action.type === 'local' ? { nodeId: agent.nodeId } : { connectionId: action.connectionId };
}
