/**
 * @module Echo: the smallest behaviour with something for each connection. Its handler sends every message back to where it came from.
 * The asking side is another class with the same service id. Run it with `node dist/examples/echo.js`.
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

class Asker extends NetworkBehavior {
  static readonly behavior = { serviceId: 65, name: 'asker' } as const;

  constructor(private readonly onAnswer: (answer: unknown) => void) {
    super();
  }

  override onOutgoingConnectionConnected(agent: BehaviorAgent, connection: Connection) {
    agent.send(toConnection(connection.id), 'is anybody there?');
  }

  override onMessage(_agent: BehaviorAgent, message: Message) {
    this.onAnswer(message.value());
  }
}

let heard: (answer: unknown) => void = () => {};
const answer = new Promise((resolve) => {
  heard = resolve;
});

const echo = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [Echo] });
const asker = await createNode({ behaviors: [new Asker(heard)] });
await echo.start();
await asker.start();
await asker.connect(`${echo.addresses[0]}`);
console.log(`the echo: ${await answer}`);
await asker.stop();
await echo.stop();
