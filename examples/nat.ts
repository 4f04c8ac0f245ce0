/**
 * @module Nat: two nodes that cannot reach each other, and a relay, in virtual time. They connect over the relay; a direct path comes up while
 * one sends numbered messages, and the connection goes over it from then on, with nothing lost.
 */
import { CircuitBehavior } from '../behaviours/index.js';
import { type Message, NetworkBehavior, toConnection, toNode } from '../index.js';
import { SimulatedNetwork } from '../simulation.js';

class Numbers extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'numbers' } as const;
  readonly received: unknown[] = [];

  override onMessage(_agent: unknown, message: Message): void {
    this.received.push(message.value());
  }
}

// In a private space every node relays for the others by default.
const networkKey = new Uint8Array(32).fill(7);
const network = new SimulatedNetwork({ seed: 1, latencyMs: 10 });
const relay = await network.createNode({ name: 'relay', networkKey });
const alice = await network.createNode({ name: 'alice', networkKey, seeds: ['sim://relay'], behaviors: [Numbers] });
const bob = await network.createNode({ name: 'bob', networkKey, seeds: ['sim://relay'], behaviors: [Numbers] });
network.partition(['alice'], ['bob']);
await network.start(relay, alice, bob);
await network.run(3_000);

const connection = await alice.connect(bob.id);
const [circuit] = alice.behavior(CircuitBehavior).circuits();
console.log(`connected: ${connection.path}, over ${circuit?.relays} relay, up to ${circuit?.bitsPerSecondMax} bit/s`);
for (const { outcome, reason } of alice.explain(toNode(bob.id)).path?.candidates ?? [])
  console.log(`  ${outcome}: ${reason.slice(0, 40)}…`);

let count = 0;
network.after(2_000, () => network.heal());
while (connection.path === 'relayed') {
  alice.send(toConnection(connection.id), 64, ++count);
  await network.run(10);
}
console.log(`now ${connection.path}, and the same connection: ${alice.connections().includes(connection)}`);
await network.run(1_000);

const { received } = bob.behavior(Numbers);
const isWhole = received.every((number, index) => number === index + 1);
console.log(
  `bob has ${received.length === count && isWhole ? 'all' : 'not all'} of the numbers, in order; the relay is ${relay.reachability().kind}`,
);
await network.stop();
