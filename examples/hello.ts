/**
 * @module Hello: two nodes in one process, each with a behaviour of twelve lines that sends a welcome to every node that connects and returns a
 * greeting to every caller.
 * Run it with `node dist/examples/hello.js`.
 */
import { type BehaviorAgent, type Connection, createNode, type Message, NetworkBehavior, shortId, toNode } from '../index.js';

class Greeter extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'greeter', rpc: ['greet'] } as const;
  greet(request: { name: string }) {
    return { text: `Hello ${request.name}` };
  }
  override onIncomingConnectionConnected(agent: BehaviorAgent, connection: Connection) {
    agent.send(toNode(connection.nodeId), 'welcome');
  }
  override onMessage(_agent: BehaviorAgent, message: Message) {
    console.log(`message from ${shortId(message.source)}: ${message.value()}`);
  }
}

const ada = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [Greeter] });
const bob = await createNode({ behaviors: [Greeter] });
await ada.start();
await bob.start();
await bob.connect(`${ada.addresses[0]}`);

const reply = await bob.client(Greeter, toNode(ada.id)).greet({ name: 'world' });
console.log(`reply from ${shortId(ada.id)}: ${reply.text}`);

await bob.stop();
await ada.stop();
