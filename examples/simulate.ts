/**
 * @module Simulate: a hundred nodes in virtual time. From one address they form a network, one tells a rumour, the network breaks in two and
 * grows together again. The same seed gives the same run, to the last byte: run `node dist/examples/simulate.js 7` twice and compare the hashes.
 */
import { type BehaviorAgent, type Message, NetworkBehavior, toServices } from '../index.js';
import { DirectRouter } from '../routing/index.js';
import { SimulatedNetwork } from '../simulation.js';

const COUNT = 100;

class Rumours extends NetworkBehavior {
  static readonly behavior = { serviceId: 67, name: 'rumours' } as const;
  readonly heardMs = new Map<unknown, number>();

  tell(rumour: string): void {
    this.perform((agent) => agent.send(toServices(), rumour));
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    this.heardMs.set(message.value(), agent.nowMs);
  }
}

const network = new SimulatedNetwork({ seed: Number(process.argv[2] ?? 1), latencyMs: 20, jitterMs: 10 });
for (let index = 0; index < COUNT; index++) {
  const earlier = () => `sim://node-${1 + Math.floor(network.random.float() * index)}`;
  await network.createNode({
    seeds: index === 0 ? [] : [earlier(), earlier()],
    connections: { min: 3, max: 20 },
    behaviors: [Rumours],
    router: DirectRouter,
  });
}
await network.start(...network.nodes);

const linkCount = () => Math.round(network.nodes.reduce((sum, node) => sum + node.connections().length, 0) / 2);

/** How many nodes hear a rumour that the first one tells, and how long it takes. */
async function tell(rumour: string): Promise<string> {
  const startMs = network.nowMs;
  network.nodes[0]?.behavior(Rumours).tell(rumour);
  await network.run(2_000);
  const heard = network.nodes.flatMap((node) => node.behavior(Rumours).heardMs.get(rumour) ?? []);
  return `${heard.length} of ${COUNT} nodes within ${Math.round(Math.max(...heard) - startMs)} ms`;
}

await network.run(10_000);
console.log(`formed: ${linkCount()} links; a rumour reaches ${await tell('one')}`);

network.partition(network.nodes.slice(0, COUNT / 2), network.nodes.slice(COUNT / 2));
await network.run(20_000);
console.log(`broken in two: ${linkCount()} links; a rumour reaches ${await tell('two')}`);

network.heal();
await network.run(60_000);
console.log(`healed: ${linkCount()} links; a rumour reaches ${await tell('three')}`);

console.log(`${Math.round(network.nowMs / 1_000)} s of virtual time, ${network.eventCount} events, trace ${network.traceHash()}`);
await network.stop();
