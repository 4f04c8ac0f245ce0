/** @module Support for the tests of the simulator: behaviours that show what happened, and one eventful scenario. Holds no test. */
import { type BehaviorAgent, type Connection, type Message, NetworkBehavior, toConnection, toNode } from '../../../index.js';
import { SimulatedNetwork, type SimulatedNode, type SimulationOptions } from '../../../simulation.js';

/** Remembers what it hears, with the virtual time, and says what it is told to say. */
export class Chat extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'chat' } as const;
  readonly heard: { readonly atMs: number; readonly text: unknown; readonly bytes: number }[] = [];

  say(node: SimulatedNode, payload: unknown): string {
    return this.perform((agent) => agent.send(toNode(node.id), payload));
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    this.heard.push({ atMs: agent.nowMs, text: message.byteLength < 1_000 ? message.value() : undefined, bytes: message.byteLength });
  }

  get texts(): readonly unknown[] {
    return this.heard.map(({ text }) => text);
  }
}

/** Tells every neighbour every name that it has heard of: in the end all know all. */
export class Gossip extends NetworkBehavior {
  static readonly behavior = { serviceId: 65, name: 'gossip' } as const;
  readonly names = new Set<string>();

  learn(name: string): void {
    this.perform((agent) => this.#spread(agent, [name]));
  }

  override onIncomingConnectionConnected(agent: BehaviorAgent, { id }: Connection): void {
    agent.send(toConnection(id), [...this.names]);
  }

  override onOutgoingConnectionConnected(agent: BehaviorAgent, { id }: Connection): void {
    agent.send(toConnection(id), [...this.names]);
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    this.#spread(agent, message.value<string[]>() ?? []);
  }

  #spread(agent: BehaviorAgent, names: readonly string[]): void {
    const fresh = names.filter((name) => !this.names.has(name));
    for (const name of fresh) this.names.add(name);
    if (fresh.length > 0) for (const { id } of agent.connections()) agent.send(toConnection(id), fresh);
  }
}

/** A network of nodes with `Chat`, started and linked to the first one, without built-in behaviours, 1 s after its beginning. */
export async function chatNetwork(names: readonly string[], options: Partial<SimulationOptions> = {}) {
  const network = new SimulatedNetwork({ seed: 1, ...options });
  const nodes: SimulatedNode[] = [];
  for (const name of names) nodes.push(await network.createNode({ name, behaviors: [Chat], builtins: [] }));
  await network.start(...nodes);
  const [first, ...others] = nodes as [SimulatedNode, ...SimulatedNode[]];
  await Promise.all(others.map((node) => first.connect(`sim://${node.name}`)));
  await network.run(Math.max(0, 1_000 - network.nowMs));
  return { network, nodes: nodes as [SimulatedNode, SimulatedNode, SimulatedNode] };
}

export interface Outcome {
  readonly hash: string;
  readonly eventCount: number;
  /** What every node knows in the end. */
  readonly names: readonly string[];
}

/** Twelve nodes on bad links that gossip through a partition, a one-way cut, a crash and a restart. */
export async function eventfulScenario(seed: number | string): Promise<Outcome> {
  const network = new SimulatedNetwork({ seed, latencyMs: 20, jitterMs: 30, loss: 0.02, bandwidth: 1_000_000 });
  const names = Array.from({ length: 12 }, (_, index) => `node-${index}`);
  for (const [index, name] of names.entries()) {
    const seeds = [`sim://node-${(index + 1) % names.length}`, `sim://node-${network.random.below(names.length)}`];
    await network.createNode({ name, seeds, behaviors: [Gossip, Chat], limits: { backoffMaxMs: 4_000 } });
  }
  await network.start(...network.nodes);
  for (const node of network.nodes) network.after(network.random.below(3_000), () => node.behavior(Gossip).learn(node.name));
  network.partition(names.slice(0, 6), names.slice(6));
  await network.run(20_000);
  network.heal();
  network.cut('node-3', 'node-4');
  network.crash('node-5');
  await network.run(20_000);
  network.heal();
  const restarted = await network.restart('node-5');
  restarted.behavior(Gossip).learn('node-5');
  await network.run(20_000);
  const known = network.nodes.map((node) => [...node.behavior(Gossip).names].sort().join());
  await network.stop();
  return { hash: network.traceHash(), eventCount: network.eventCount, names: [...new Set(known)] };
}
