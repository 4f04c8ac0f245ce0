/**
 * @module Peers: the other sides of exchanges. A neighbour's peer lives as long as its connection and serves both directions; a node behind
 * relays has one only while requests of it are in work here. Targets are where a request of this node goes, and whose answers count. It
 * asks the router table, and sends nothing.
 */
import type { NodeId } from '../../address/node-id.js';
import type { Connection } from '../../api/events.js';
import type { RouteAction } from '../../api/router-table.js';
import { type Route, toConnection, toLocal, toNode, toService } from '../../api/routes.js';
import { IdTable } from './id-table.js';
import type { CorrelationId } from './messages.js';
import type { ExchangeAgent, ExchangeRoutes, Origin } from './port.js';

/** A request goes to one node. */
export type UnicastRoute = Exclude<Route, { type: 'services' }>;

/** Where a request of this node goes. */
export interface Target {
  readonly route: Route;
  /** Whose answers count; absent while the provider of a service or key is not known. */
  readonly nodeId: NodeId | undefined;
  /** The neighbour whose loss ends the exchange; absent when an answer could take another path. */
  readonly neighbour: Peer | undefined;
  /** Only what the neighbour itself sends counts, no claim of a relay. */
  readonly isDirect: boolean;
  /** Where it leaves this node; absent for this node itself. */
  readonly connectionId: number | undefined;
}

/** What is to be known of a connection. */
export type Neighbour = Pick<Connection, 'id' | 'nodeId' | 'instance'>;

/** A node that sends requests, or may be sent some, by the path over which it does. */
export class Peer implements Target {
  /** Its requests in work here. */
  readonly work = new IdTable<CorrelationId>();
  /** Requests of other nodes in work here that came over this neighbour. */
  relayedCount = 0;
  readonly neighbour: Peer | undefined;

  constructor(
    readonly route: Route,
    readonly nodeId: NodeId,
    readonly isDirect: boolean,
    readonly connectionId: number | undefined,
    /** Of a neighbour: it has another one after it was started again. */
    readonly instance?: string,
  ) {
    this.neighbour = isDirect && connectionId !== undefined ? this : undefined;
  }
}

export class Peers {
  /** This node itself. */
  readonly local: Peer;
  private readonly byConnection = new Map<number, Peer>();
  private readonly relayed = new Map<NodeId, Peer>();

  constructor(
    self: NodeId,
    private readonly routes: ExchangeRoutes,
  ) {
    this.local = new Peer(toLocal(), self, true, undefined);
  }

  connected({ id, nodeId, instance }: Neighbour): Peer {
    const known = this.byConnection.get(id);
    if (known !== undefined) return known;
    const peer = new Peer(toConnection(id), nodeId, true, id, instance);
    this.byConnection.set(id, peer);
    return peer;
  }

  disconnected(connectionId: number): Peer | undefined {
    const peer = this.byConnection.get(connectionId);
    this.byConnection.delete(connectionId);
    return peer;
  }

  /** The neighbour at the other end. Other behaviours may send requests in their connected hooks, before this one is called. */
  neighbour(agent: ExchangeAgent, connectionId: number | undefined): Peer | undefined {
    if (connectionId === undefined) return undefined;
    const known = this.byConnection.get(connectionId);
    if (known !== undefined) return known;
    const connection = agent.connections().find(({ id }) => id === connectionId);
    return connection && this.connected(connection);
  }

  /** The node that sent a message; behind a relay, the one that it claims to come from. `carrier`: the neighbour that brought it. */
  sender(message: Origin, carrier: Peer | undefined): Peer | undefined {
    if (message.connectionId === undefined) return this.local;
    return message.sourceVerified ? carrier : this.claimed(message.source);
  }

  claimed(source: NodeId): Peer {
    return this.relayed.get(source) ?? new Peer(toNode(source), source, false, undefined);
  }

  /** Called when a request of the peer has come into work, and when it has left it: claims without requests are forgotten. */
  keep(peer: Peer): void {
    if (peer.isDirect) return;
    if (peer.work.size > 0) this.relayed.set(peer.nodeId, peer);
    else this.relayed.delete(peer.nodeId);
  }

  /** Where a request goes now, or `undefined` when no route leads there. A service route without an id means `serviceId`. */
  targetOf(agent: ExchangeAgent, route: UnicastRoute, serviceId: number): Target | undefined {
    switch (route.type) {
      case 'local':
        return this.local;
      case 'connection':
        return this.neighbour(agent, route.connectionId);
      case 'next-hop':
      case 'node':
        return this.nodeTarget(agent, route);
      case 'key':
        return this.searched(agent, route, this.routes.pathToKey(route.key));
      case 'service':
        return this.serviceTarget(agent, route.serviceId ?? serviceId, route.meta);
    }
  }

  /** The connection that leads to the node now, other than `except`; `undefined` when none does. */
  nextHopTo(nodeId: NodeId, except?: number): number | undefined {
    const action = except === undefined ? this.routes.pathToNode(nodeId) : this.routes.pathAround(nodeId, except);
    return action.type === 'next' ? action.connectionId : undefined;
  }

  isOpen(connectionId: number): boolean {
    return this.byConnection.has(connectionId);
  }

  private serviceTarget(agent: ExchangeAgent, serviceId: number, meta: number): Target | undefined {
    const provider = this.routes.providerOf(serviceId, meta);
    if (provider !== undefined) return this.nodeTarget(agent, toNode(provider));
    const route = toService(serviceId, meta);
    const known = this.searched(agent, route, this.routes.pathToService(serviceId, meta));
    if (known !== undefined || !this.routes.isSought(serviceId)) return known;
    // The message waits until providers are found.
    return { route, nodeId: undefined, neighbour: undefined, isDirect: false, connectionId: undefined };
  }

  private nodeTarget(agent: ExchangeAgent, route: Extract<Route, { type: 'node' | 'next-hop' }>): Target | undefined {
    const action = this.routes.pathToNode(route.nodeId);
    if (action.type === 'local') return this.local;
    if (action.type === 'reject') return undefined;
    const isNeighbour = action.nodeId === route.nodeId || route.type === 'next-hop';
    return isNeighbour
      ? this.neighbour(agent, action.connectionId)
      : { route, nodeId: route.nodeId, neighbour: undefined, isDirect: false, connectionId: action.connectionId };
  }

  /** The table names the first hop only. Mostly that is the provider, so that its loss has to end the exchange. */
  private searched(agent: ExchangeAgent, route: Route, action: RouteAction): Target | undefined {
    if (action.type === 'local') return this.local;
    if (action.type === 'reject') return undefined;
    const { connectionId } = action;
    return { route, nodeId: undefined, neighbour: this.neighbour(agent, connectionId), isDirect: false, connectionId };
  }
}
