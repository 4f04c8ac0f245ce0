/**
 * @module Partition: sixty nodes in virtual time. They form a network from a few addresses, and one sends a broadcast; the network is
 * partitioned and healed, with a broadcast in each state. The same seed gives the same run, to the last byte: run
 * `node dist/examples/partition.js 7` twice and compare the hashes.
 */
import { type BehaviorAgent, type Message, NetworkBehavior, toServices } from '../index.js';
import { DirectRouter } from '../routing/index.js';
import { SimulatedNetwork } from '../simulation.js';

const COUNT = 60;

class Broadcasts extends NetworkBehavior {
  static readonly behavior = { serviceId: 67, name: 'broadcasts' } as const;
  readonly receivedMs = new Map<unknown, number>();

  broadcast(text: string): void {
    this.perform((agent) => agent.send(toServices(), text));
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    this.receivedMs.set(message.value(), agent.nowMs);
  }
}

const network = new SimulatedNetwork({ seed: Number(process.argv[2] ?? 1), latencyMs: 20, jitterMs: 10 });
for (let index = 0; index < COUNT; index++) {
  const earlier = () => `sim://node-${1 + Math.floor(network.random.float() * index)}`;
  await network.createNode({
    seeds: index === 0 ? [] : [earlier(), earlier()],
    connections: { min: 3, max: 20 },
    behaviors: [Broadcasts],
    router: DirectRouter,
  });
}
await network.start(...network.nodes);

const linkCount = () => Math.round(network.nodes.reduce((sum, node) => sum + node.connections().length, 0) / 2);

/** Broadcasts a text from the first node. Returns how many nodes receive it, and within what time. */
async function broadcast(text: string): Promise<string> {
  const startMs = network.nowMs;
  network.nodes[0]?.behavior(Broadcasts).broadcast(text);
  await network.run(2_000);
  const received = network.nodes.flatMap((node) => node.behavior(Broadcasts).receivedMs.get(text) ?? []);
  return `${received.length} of ${COUNT} nodes within ${Math.round(Math.max(...received) - startMs)} ms`;
}

await network.run(10_000);
console.log(`formed: ${linkCount()} links; a broadcast reaches ${await broadcast('one')}`);

network.partition(network.nodes.slice(0, COUNT / 2), network.nodes.slice(COUNT / 2));
await network.run(20_000);
console.log(`partitioned: ${linkCount()} links; a broadcast reaches ${await broadcast('two')}`);

network.heal();
await network.run(60_000);
console.log(`healed: ${linkCount()} links; a broadcast reaches ${await broadcast('three')}`);

console.log(`${Math.round(network.nowMs / 1_000)} s of virtual time, ${network.eventCount} events, trace ${network.traceHash()}`);
await network.stop();
