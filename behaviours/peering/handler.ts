/**
 * @module PeeringHandler: one connection's messages for the behaviour, read and checked. That they come to a handler proves that they are
 * the neighbour's own: what was routed here goes elsewhere. Whatever is malformed or too long closes the connection.
 */
import { type Connection, type ConnectionAgent, type ConnectionEvent, ConnectionHandler } from '../../core/index.js';
import { fromWire, type PeeringMessage } from './protocol/messages.js';

/** What a handler passes to its behaviour. */
export type PeeringToBehavior =
  /** A well-formed message. */
  | { readonly type: 'message'; readonly connection: Connection; readonly message: PeeringMessage }
  /** There is room again in the lane of this connection. */
  | { readonly type: 'writable'; readonly connection: Connection };

export class PeeringHandler extends ConnectionHandler<PeeringToBehavior> {
  constructor(private readonly frameBytesMax: number) {
    super();
  }

  override onEvent(agent: ConnectionAgent<PeeringToBehavior>, event: ConnectionEvent): void {
    const { connection } = agent;
    if (event.type === 'writable') return agent.sendToBehavior({ type: 'writable', connection });
    if (event.type !== 'message') return;
    const message = fromWire(event, this.frameBytesMax);
    if (message === undefined) agent.close('malformed peering message');
    else agent.sendToBehavior({ type: 'message', connection, message });
  }
}
