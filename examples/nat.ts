/**
 * @module Nat: two nodes behind NATs, one of which maps each remote to another address, and two public ones, in virtual time. They connect over a
 * relay; a port is guessed while one sends numbered messages, and the connection goes straight from then on, with nothing lost.
 */
import { CircuitBehavior } from '../behaviours/index.js';
import { type Message, NetworkBehavior, toConnection, toNode } from '../index.js';
import { SimulatedNetwork, type SimulatedNodeOptions } from '../simulation.js';

class Numbers extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'numbers' } as const;
  readonly received: unknown[] = [];

  override onMessage(_agent: unknown, message: Message): void {
    this.received.push(message.value());
  }
}

// In a private space every node helps and relays for the others by default.
const networkKey = new Uint8Array(32).fill(7);
const network = new SimulatedNetwork({ seed: 1, latencyMs: 10 });
network.addNat('5.6.7.8', { kind: 'symmetric' });
network.addNat('6.7.8.9', { kind: 'port-restricted' });
const nodeAt = (name: string, options: SimulatedNodeOptions = {}) =>
  network.createNode({ name, networkKey, listen: [`sim://${name}`, `udp://${name}:7400`], behaviors: [Numbers], ...options });
const [relay, other] = [await nodeAt('9.9.9.1'), await nodeAt('9.9.9.2')];
const seeds = ['sim://9.9.9.1', 'sim://9.9.9.2'];
const alice = await nodeAt('10.0.0.2', { nat: '5.6.7.8', seeds });
const bob = await nodeAt('10.1.0.2', { nat: '6.7.8.9', seeds });
await network.start(relay, other, alice, bob);
await network.run(5_000);
console.log(`the NATs: ${alice.reachability().nat}, ${bob.reachability().nat}`);

const connection = await alice.connect(bob.id);
const [circuit] = alice.behavior(CircuitBehavior).circuits();
console.log(`connected: ${connection.path}, over ${circuit?.relays} relay, up to ${circuit?.bitsPerSecondMax} bit/s`);

let count = 0;
while (connection.path === 'relayed') {
  alice.send(toConnection(connection.id), 64, ++count);
  await network.run(10);
}
console.log(`now ${connection.path}, and the same connection: ${alice.connections().includes(connection)}`);
await network.run(1_000);
for (const { outcome, reason } of alice.explain(toNode(bob.id)).path?.candidates ?? [])
  console.log(`  ${outcome}: ${reason.replace(/[0-9a-f]{8}/, '…')}`);

const { received } = bob.behavior(Numbers);
const isWhole = received.every((number, index) => number === index + 1);
console.log(
  `bob has ${received.length === count && isWhole ? 'all' : 'not all'} of the numbers, in order; the relay is ${relay.reachability().kind}`,
);
await network.stop();
