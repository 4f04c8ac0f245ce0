/** @module Page: a program without types and without anything of Node. */
import { createNode, NetworkBehavior, toNode } from 'meshwright';
import { MemoryTransport } from 'meshwright/transports';

class Greeter extends NetworkBehavior {
  static behavior = { serviceId: 64, name: 'greeter', rpc: ['greet'] };
  greet(request) {
    return { text: `Hello ${request.name}` };
  }
}

const transports = [new MemoryTransport()];
const ada = await createNode({ transports, listen: ['mem://ada'], behaviors: [Greeter] });
const bob = await createNode({ transports: [new MemoryTransport()], behaviors: [Greeter] });
await ada.start();
await bob.start();
await bob.connect('mem://ada');
console.log((await bob.client(Greeter, toNode(ada.id)).greet({ name: 'world' })).text);
await bob.stop();
await ada.stop();
