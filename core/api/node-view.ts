/**
 * @module NodeView: what a node shows of itself to whoever observes it: an application, an operator's handlers, a behaviour that injects
 * `NODE_VIEW`. All of it is read, each call gives the state of that moment, and nothing here changes the node.
 */
import type { Address } from '../address/address.js';
import type { NodeId } from '../address/node-id.js';
import type { MetricsSnapshot } from '../metrics.js';
import type { Connection, NodeEventName, NodeEvents, PathKind } from './events.js';
import type { Reachability } from './reachability.js';
import type { RouteExplanation } from './router-table.js';
import type { Route } from './routes.js';

/** Where a node is in its life. `draining`: `stop({ drainMs })` waits for calls in work. */
export type NodeState = 'new' | 'running' | 'draining' | 'stopped';

/** One queue with its fill and its bound. */
export interface QueueReport {
  readonly name: string;
  /** Of which connection; absent for queues of the node. */
  readonly connectionId: number | undefined;
  readonly messages: number;
  readonly messagesMax: number;
  readonly bytes: number | undefined;
  readonly bytesMax: number | undefined;
}

/** One open connection with what was measured of it. */
export interface LinkReport {
  readonly connectionId: number;
  readonly nodeId: NodeId;
  readonly direction: 'incoming' | 'outgoing';
  readonly remoteAddress: Address;
  readonly path: PathKind;
  /** For how long it has been open. */
  readonly openMs: number;
  /** Smoothed round trip; absent before the first pong. */
  readonly rttMs: number | undefined;
  /** The lost share of the last 16 pings, 0 to 1; absent before the first one is settled. */
  readonly lossRatio: number | undefined;
  /** Bytes of its channel since that began, encryption included. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** One running behaviour. */
export interface BehaviorReport {
  readonly serviceId: number;
  readonly name: string;
}

/** What a node shows of itself: its id, addresses, links, queues, limits and metrics. */
export interface NodeView {
  readonly id: NodeId;
  readonly state: NodeState;
  /** Where it listens, as bound. */
  readonly addresses: readonly Address[];
  connections(): readonly Connection[];
  /** The open connections with their measurements. */
  links(): readonly LinkReport[];
  /** The running behaviours, by ascending service id. */
  behaviors(): readonly BehaviorReport[];
  metrics(): MetricsSnapshot;
  queues(): readonly QueueReport[];
  explain(route: Route): RouteExplanation;
  /** How others can reach this node, as far as it can know. */
  reachability(): Reachability;
  /** Calls the listener for an event until the returned function is called, outside of any callback. */
  on<Name extends NodeEventName>(name: Name, listener: (event: NodeEvents[Name]) => void): () => void;
}
