/**
 * @module Greeter: the behaviour of the nodes of `npm start`. It returns a greeting to callers, and reports the texts that it receives.
 */
import { Behavior, type BehaviorAgent, type Message, NetworkBehavior, type NodeId, type Route, Rpc, type SendResult } from '../index.js';

export const GREETER_SERVICE = 64;

/** A received text. */
export interface Received {
  readonly text: string;
  readonly source: NodeId;
}

@Behavior({ serviceId: GREETER_SERVICE, name: 'greeter' })
export class Greeter extends NetworkBehavior {
  constructor(private readonly onReceived: (received: Received) => void = () => {}) {
    super();
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
