/**
 * @module SwapRouter: three nodes in a line exchange their router tables while thirty-two calls at once go over the relay. No call fails, and none is made twice.
 * Run it with `node dist/examples/swap-router.js`.
 */
import { createNode, NetworkBehavior, toNode } from '../index.js';
import { PathVectorRouter } from '../routing/index.js';

class Tickets extends NetworkBehavior {
  static readonly behavior = { serviceId: 70, name: 'tickets', rpc: ['next'] } as const;
  count = 0;
  next() {
    return ++this.count;
  }
}

const builtins = ['handshake', 'router-sync', 'rpc'] as const;
const relay = await createNode({ listen: ['tcp://127.0.0.1:0'], builtins });
const office = await createNode({ behaviors: [Tickets], builtins });
const visitor = await createNode({ builtins });
const nodes = [relay, office, visitor];
for (const node of nodes) await node.start();
for (const node of [office, visitor]) await node.connect(`${relay.addresses[0]}`);

const tickets = visitor.client(Tickets, toNode(office.id));
await visitor.whenReachable(toNode(office.id));
let made = 0;
let failed = 0;
let isOver = false;

async function visit(): Promise<void> {
  while (!isOver) {
    made++;
    await tickets.next().catch(() => failed++);
  }
}

const visits = Array.from({ length: 32 }, visit);
for (const node of nodes) {
  node.useRouter(new PathVectorRouter());
  await new Promise((resolve) => setTimeout(resolve, 200));
}
isOver = true;
await Promise.all(visits);

console.log(`calls were made while three tables were exchanged: ${made > 100 ? 'more than 100' : made}, failed: ${failed}`);
console.log(`each was handled once: ${office.behavior(Tickets).count === made}`);
for (const node of nodes) await node.stop();
