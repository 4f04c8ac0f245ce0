/**
 * @module Parties: the other sides of calls. A neighbour's party lives as long as its connection, and serves all calls in both
 * directions; a node behind relays has one only while calls of it are in work here. Targets say where an own call goes, and whose
 * answers count. It asks the router table, and sends nothing.
 */
import {
  type BehaviorAgent,
  type Connection,
  type NodeId,
  type Route,
  type RouterTable,
  toConnection,
  toLocal,
  toNode,
  toService,
} from '../../core/index.js';
import type { IncomingCall } from './incoming-call.js';

type NodeRoute = Extract<Route, { type: 'node' | 'next-hop' }>;

/** Where an own call goes. */
export interface Target {
  readonly route: Route;
  /** Whose answers count; absent while the provider of a service or key is not known. */
  readonly nodeId: NodeId | undefined;
  /** The neighbour whose loss ends the call; absent when an answer could find another way. */
  readonly neighbour: Party | undefined;
  /** Only the neighbour's own word counts, no claim of a relay. */
  readonly isDirect: boolean;
  /** Where it leaves this node; absent for this node itself. */
  readonly connectionId: number | undefined;
}

/** A node that calls, or may be called, by the way in which it does. */
export class Party implements Target {
  /** Its calls in work here, by their ids. */
  readonly work = new Map<number, IncomingCall>();
  /** Calls of other nodes in work here that came over this neighbour. */
  relayedCount = 0;
  readonly neighbour: Party | undefined;

  constructor(
    readonly route: Route,
    readonly nodeId: NodeId,
    readonly isDirect: boolean,
    readonly connectionId: number | undefined,
  ) {
    this.neighbour = isDirect && connectionId !== undefined ? this : undefined;
  }
}

export class Parties {
  /** This node itself. */
  readonly local: Party;
  private readonly byConnection = new Map<number, Party>();
  private readonly relayed = new Map<NodeId, Party>();

  constructor(
    self: NodeId,
    private readonly router: RouterTable,
  ) {
    this.local = new Party(toLocal(), self, true, undefined);
  }

  connected({ id, nodeId }: Connection): Party {
    const known = this.byConnection.get(id);
    if (known !== undefined) return known;
    const party = new Party(toConnection(id), nodeId, true, id);
    this.byConnection.set(id, party);
    return party;
  }

  disconnected(connectionId: number): Party | undefined {
    const party = this.byConnection.get(connectionId);
    this.byConnection.delete(connectionId);
    return party;
  }

  /** The neighbour at the other end. A behaviour may call in its connected hook, before this one hears of the connection. */
  neighbour(agent: BehaviorAgent, connectionId: number): Party | undefined {
    const known = this.byConnection.get(connectionId);
    if (known !== undefined) return known;
    const connection = agent.connections().find(({ id }) => id === connectionId);
    return connection && this.connected(connection);
  }

  /** Whoever claims, through a relay, to be this node. */
  claimed(source: NodeId): Party {
    return this.relayed.get(source) ?? new Party(toNode(source), source, false, undefined);
  }

  /** Called when a call of the party has come into work, and when it has left it: claims without calls are forgotten. */
  keep(party: Party): void {
    if (party.isDirect) return;
    if (party.work.size > 0) this.relayed.set(party.nodeId, party);
    else this.relayed.delete(party.nodeId);
  }

  /** Where a call of `serviceId` goes now, or `undefined` when nothing leads there. */
  targetOf(agent: BehaviorAgent, route: Exclude<Route, { type: 'services' }>, serviceId: number): Target | undefined {
    switch (route.type) {
      case 'local':
        return this.local;
      case 'connection':
        return this.neighbour(agent, route.connectionId);
      case 'next-hop':
      case 'node':
        return this.nodeTarget(agent, route);
      case 'key':
        return this.searched(agent, route, this.router.pathToKey(route.key));
      case 'service':
        return this.serviceTarget(agent, route.serviceId ?? serviceId, route.meta);
    }
  }

  /** The connection that leads to the node now, other than `except`; `undefined` when none does. */
  wayTo(nodeId: NodeId, except?: number): number | undefined {
    const action = this.router.pathToNode(nodeId, except);
    return action.type === 'next' ? action.connectionId : undefined;
  }

  isOpen(connectionId: number): boolean {
    return this.byConnection.has(connectionId);
  }

  private serviceTarget(agent: BehaviorAgent, serviceId: number, meta: number): Target | undefined {
    const provider = this.router.providerOf(serviceId, meta);
    return provider === undefined
      ? this.searched(agent, toService(serviceId, meta), this.router.pathToService(serviceId, meta))
      : this.nodeTarget(agent, { type: 'node', nodeId: provider });
  }

  private nodeTarget(agent: BehaviorAgent, route: NodeRoute): Target | undefined {
    const action = this.router.pathToNode(route.nodeId);
    if (action.type === 'local') return this.local;
    if (action.type === 'reject') return undefined;
    const isNeighbour = action.nodeId === route.nodeId || route.type === 'next-hop';
    return isNeighbour
      ? this.neighbour(agent, action.connectionId)
      : { route, nodeId: route.nodeId, neighbour: undefined, isDirect: false, connectionId: action.connectionId };
  }

  /** The table names the first hop only. Mostly that is the provider, so that its loss has to end the call. */
  private searched(agent: BehaviorAgent, route: Route, action: ReturnType<RouterTable['pathToKey']>): Target | undefined {
    if (action.type === 'local') return this.local;
    if (action.type === 'reject') return undefined;
    const { connectionId } = action;
    return { route, nodeId: undefined, neighbour: this.neighbour(agent, connectionId), isDirect: false, connectionId };
  }
}
