/**
 * @module A node of its own for `nat-namespaces`: `node nat.child.js <schemes> <seed> …` prints its id and how its NAT maps; with `connect <id>` on stdin it
 * dials, and prints how the two are connected, whenever that changes; with `send <count>` it sends numbers over that connection.
 */
import { createInterface } from 'node:readline';
import { createNode, type Message, NetworkBehavior, type NodeId, toConnection, toNode } from '../../../index.js';

class Numbers extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'numbers' } as const;
  next = 0;
  faults = 0;

  override onMessage(_agent: unknown, message: Message): void {
    if (message.value() !== this.next++) this.faults++;
  }
}

const [schemes = '', ...seeds] = process.argv.slice(2);
const say = (facts: object) => process.stdout.write(`${JSON.stringify(facts)}\n`);
const node = await createNode({
  networkKey: new Uint8Array(32).fill(7),
  listen: schemes.split(',').map((scheme) => `${scheme}://0.0.0.0:7400`),
  seeds,
  behaviors: [Numbers],
  logger: 'silent',
});
await node.start();
say({ id: node.id });

let remote: NodeId | undefined;
let sent = 0;
let toSend = 0;
let said = '';
const timer = setInterval(() => {
  const { nat, kind } = node.reachability();
  const connection = node.connections().find(({ nodeId }) => nodeId === remote);
  while (connection !== undefined && sent < toSend && node.send(toConnection(connection.id), 64, sent) === 'queued') sent++;
  const { next, faults } = node.behavior(Numbers);
  const text = JSON.stringify({
    nat,
    kind,
    path: connection?.path ?? 'none',
    address: remote === undefined ? undefined : node.explain(toNode(remote)).path?.address,
    id: connection?.id,
    sent,
    received: next,
    faults,
    links: node.connections().length,
  });
  if (text === said) return;
  said = text;
  say({ state: JSON.parse(text) });
}, 100);

/** As often as it takes: relays come and go. */
async function connect(nodeId: NodeId): Promise<void> {
  for (;;) {
    try {
      await node.whenReachable(toNode(nodeId));
      return void (await node.connect(nodeId));
    } catch (error) {
      say({ error: (error as Error).message });
    }
  }
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [command, argument = ''] = line.split(' ');
    if (command === 'send') toSend += Number(argument);
    if (command !== 'connect') return;
    remote = argument as NodeId;
    void connect(remote);
  })
  .on('close', () => {
    clearInterval(timer);
    void node.stop();
  });
