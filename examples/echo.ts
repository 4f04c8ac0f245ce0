/**
 * @module Echo: the smallest behaviour with a connection handler, which sends every message back to its sender. The other end of the
 * service is another class with the same service id. Run it with `node dist/examples/echo.js`.
 */
import {
  type BehaviorAgent,
  type Connection,
  type ConnectionAgent,
  type ConnectionEvent,
  ConnectionHandler,
  createNode,
  type Message,
  NetworkBehavior,
  toConnection,
} from '../index.js';

class EchoHandler extends ConnectionHandler {
  override onEvent(agent: ConnectionAgent, event: ConnectionEvent) {
    if (event.type === 'message') agent.reply(event.payload);
  }
}

class Echo extends NetworkBehavior {
  static readonly behavior = { serviceId: 65, name: 'echo' } as const;
  override onIncomingConnectionConnected() {
    return new EchoHandler();
  }
}

class EchoClient extends NetworkBehavior {
  static readonly behavior = { serviceId: 65, name: 'echo-client' } as const;

  constructor(private readonly onReply: (reply: unknown) => void) {
    super();
  }

  override onOutgoingConnectionConnected(agent: BehaviorAgent, connection: Connection) {
    agent.send(toConnection(connection.id), 'hello');
  }

  override onMessage(_agent: BehaviorAgent, message: Message) {
    this.onReply(message.value());
  }
}

let onReply: (reply: unknown) => void = () => {};
const reply = new Promise((resolve) => {
  onReply = resolve;
});

const server = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [Echo] });
const client = await createNode({ behaviors: [new EchoClient(onReply)] });
await server.start();
await client.start();
await client.connect(`${server.addresses[0]}`);
console.log(`echo: ${await reply}`);
await client.stop();
await server.stop();
