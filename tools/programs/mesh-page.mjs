/** @module MeshPage: a node in a page, with all defaults, whose identity and address book are kept by the page's origin. */
import { createNode, NetworkBehavior, toNode } from 'meshwright';

class Echo extends NetworkBehavior {
  static behavior = { serviceId: 64, name: 'echo', rpc: ['echo'] };
  received = 0;
  echo({ text }) {
    return { text, by: 'page' };
  }
  onMessage() {
    this.received++;
  }
}

let node;
let echo;
const log = [];

/** What the test calls. */
globalThis.mesh = {
  log,
  async start(name, seed) {
    echo = new Echo();
    node = await createNode({ identity: name, dataDirectory: name, seeds: [seed], behaviors: [echo] });
    for (const event of ['connected', 'disconnected']) node.on(event, () => log.push(event));
    await node.start();
    return node.id;
  },
  async call(id, text) {
    await node.whenReachable(toNode(id), { timeoutMs: 15_000 });
    return node.client(Echo, toNode(id)).echo({ text });
  },
  async send(id, count) {
    const route = toNode(id);
    for (let index = 0; index < count; index++) {
      if (node.send(route, 64, new Uint8Array(64)) !== 'queued') await node.writable(route);
    }
  },
  received: () => echo.received,
  connections: () => node.connections().length,
  stop: () => node.stop(),
};
