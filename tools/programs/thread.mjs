/** @module Thread: a node of `meshwright/slim` in a worker thread of Node, beside a node with all defaults in the main thread. */
import { Worker } from 'node:worker_threads';
import { createNode, NetworkBehavior, toNode } from 'meshwright';

class Echo extends NetworkBehavior {
  static behavior = { serviceId: 64, name: 'echo', rpc: ['echo'] };
  echo({ text }) {
    return { text, by: 'main' };
  }
}

const node = await createNode({ listen: ['ws://127.0.0.1:0'], behaviors: [Echo] });
await node.start();
const worker = new Worker(new URL('./mesh-worker.mjs', import.meta.url), { workerData: node.addresses[0].text });
const { id, text, by } = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
const back = await node.client(Echo, toNode(id)).echo({ text: 'back' });
console.log(text === 'hello' && by === 'main' && back.text === 'back' && back.by === 'slim' ? 'thread ok' : 'thread failed');
await worker.terminate();
await node.stop();
