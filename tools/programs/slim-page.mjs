/** @module SlimPage: the smallest node that a page connects to others with: WebSocket, handshake, calls and direct routes. */
import { HandshakeBehavior, RpcBehavior } from 'meshwright/behaviours';
import { DirectRouter } from 'meshwright/routing';
import { createNode, NetworkBehavior, toNode } from 'meshwright/slim';
import { WebSocketTransport } from 'meshwright/transports';

class Greeter extends NetworkBehavior {
  static behavior = { serviceId: 64, name: 'echo', rpc: ['echo'] };
  echo({ text }) {
    return { text, by: 'slim' };
  }
}

/** Connects to an address, calls the node there, and answers its calls. */
export async function greet(address) {
  const builtins = [HandshakeBehavior, RpcBehavior];
  const node = await createNode({ transports: [new WebSocketTransport()], router: DirectRouter, builtins, behaviors: [Greeter] });
  await node.start();
  const { nodeId } = await node.connect(address);
  const { text, by } = await node.client(Greeter, toNode(nodeId)).echo({ text: 'hello' });
  return { id: node.id, text, by, node };
}
