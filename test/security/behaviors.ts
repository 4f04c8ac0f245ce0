/** @module Behaviours of the tests of hostile peers: one that counts what it gets, one that sends until there is no room. */
import {
  type ConnectionAgent,
  type ConnectionEvent,
  ConnectionHandler,
  type Message,
  NetworkBehavior,
  type SendResult,
  toConnection,
} from '../../core/index.js';

/** Counts messages; an application that reads everything at once. */
export class Sink extends NetworkBehavior {
  static readonly behavior = { serviceId: 70, name: 'sink' } as const;
  messages = 0;
  bytes = 0;

  override onMessage(_agent: unknown, message: Message): void {
    this.messages++;
    this.bytes += message.payload.length;
  }
}

class PumpHandler extends ConnectionHandler {
  constructor(private readonly pump: Pump) {
    super();
  }

  override onEvent(_agent: ConnectionAgent, event: ConnectionEvent): void {
    if (event.type === 'writable') this.pump.writable++;
  }
}

/** Sends to the sink of a neighbour when the test asks for it. */
export class Pump extends NetworkBehavior {
  static readonly behavior = { serviceId: 71, name: 'pump' } as const;
  writable = 0;
  /** Calls that will never be answered. */
  calls = 0;

  override onRpc(): boolean {
    this.calls++;
    return true;
  }

  override onIncomingConnectionConnected(): ConnectionHandler {
    return new PumpHandler(this);
  }

  override onOutgoingConnectionConnected(): ConnectionHandler {
    return new PumpHandler(this);
  }

  send(connectionId: number, payload: Uint8Array): SendResult {
    return this.perform((agent) => agent.send(toConnection(connectionId), payload, { serviceId: 70 }));
  }
}
