/**
 * @module Greeter: the behaviour that the nodes of `npm start` run. It greets whoever calls, reports the texts that reach it, answers
 * probes, and remembers the round trip of each link.
 */
import {
  Behavior,
  type BehaviorAgent,
  type Connection,
  type ConnectionAgent,
  type ConnectionEvent,
  ConnectionHandler,
  type Message,
  NetworkBehavior,
  type NodeId,
  type Route,
  Rpc,
  type SendResult,
} from '../index.js';

export const GREETER_SERVICE = 64;

/** A text that has arrived. */
export interface Received {
  readonly text: string;
  readonly source: NodeId;
}

@Behavior({ serviceId: GREETER_SERVICE, name: 'greeter' })
export class Greeter extends NetworkBehavior {
  /** Round trips in milliseconds, by neighbour. */
  readonly rttMs = new Map<NodeId, number>();

  constructor(private readonly onReceived: (received: Received) => void = () => {}) {
    super();
  }

  override onIncomingConnectionConnected(): ConnectionHandler {
    return new RttKeeper(this.rttMs);
  }

  override onOutgoingConnectionConnected(): ConnectionHandler {
    return new RttKeeper(this.rttMs);
  }

  override onIncomingConnectionDisconnected(_agent: BehaviorAgent, { nodeId }: Connection): void {
    this.rttMs.delete(nodeId);
  }

  override onOutgoingConnectionDisconnected(_agent: BehaviorAgent, { nodeId }: Connection): void {
    this.rttMs.delete(nodeId);
  }

  override onMessage(_agent: BehaviorAgent, message: Message): void {
    const text = message.value<unknown>();
    if (typeof text === 'string') this.onReceived({ text, source: message.source });
  }

  @Rpc() greet(request: { readonly name: string }): { readonly text: string } {
    return { text: `Hello ${request.name}` };
  }

  /** For the application: sends a text along a route. */
  sendText(route: Route, text: string): SendResult {
    return this.perform((agent) => agent.send(route, text));
  }
}

class RttKeeper extends ConnectionHandler {
  constructor(private readonly rttMs: Map<NodeId, number>) {
    super();
  }

  override onEvent(agent: ConnectionAgent, event: ConnectionEvent): void {
    if (event.type === 'stats' && event.rttMs !== undefined) this.rttMs.set(agent.connection.nodeId, event.rttMs);
  }
}
