/**
 * @module Chaos: nodes that are to stay connected to each other, while everything happens to them that a network can do. In the end all
 * is well again. Used by a test and by a campaign with more seeds. Holds no test; what does not hold is thrown, with the seed.
 */
import { type BehaviorAgent, type Connection, NetworkBehavior, toConnection } from '../../../index.js';
import { SimulatedNetwork } from '../../../simulation.js';

/** Talks all the time, and notices when what it is told contradicts itself. */
export class Witness extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'witness' } as const;
  readonly open = new Map<number, Connection>();
  readonly contradictions: string[] = [];

  override onIncomingConnectionConnected(_agent: BehaviorAgent, connection: Connection): void {
    this.#connected(connection);
  }

  override onOutgoingConnectionConnected(_agent: BehaviorAgent, connection: Connection): void {
    this.#connected(connection);
  }

  override onIncomingConnectionDisconnected(_agent: BehaviorAgent, connection: Connection): void {
    this.#disconnected(connection);
  }

  override onOutgoingConnectionDisconnected(_agent: BehaviorAgent, connection: Connection): void {
    this.#disconnected(connection);
  }

  override onTick(agent: BehaviorAgent): void {
    for (const { id } of this.open.values()) agent.send(toConnection(id), new Uint8Array(agent.random.float() < 0.1 ? 20_000 : 50));
  }

  #connected(connection: Connection): void {
    for (const { nodeId } of this.open.values()) if (nodeId === connection.nodeId) this.contradictions.push('two connections to one node');
    this.open.set(connection.id, connection);
  }

  #disconnected(connection: Connection): void {
    if (!this.open.delete(connection.id)) this.contradictions.push('disconnected without connected');
  }
}

const NODES = 4;
const TROUBLES = 25;
const CALM_MS = 120_000;

export async function chaos(seed: number | string): Promise<void> {
  const { random } = new SimulatedNetwork({ seed });
  const conditions = { latencyMs: random.pick([1, 20, 200]), jitterMs: random.pick([0, 10, 300]), loss: random.pick([0, 0.02, 0.1]) };
  const network = new SimulatedNetwork({ seed, ...conditions });
  const names = Array.from({ length: NODES }, (_, index) => `node-${index}`);
  for (const name of names) {
    const seeds = names.filter((other) => other !== name).map((other) => `sim://${other}`);
    await network.createNode({ name, seeds, behaviors: [Witness], limits: { backoffMaxMs: 5_000, replacementsPerMinute: 1_000 } });
  }
  await network.start(...network.nodes);
  for (let trouble = 0; trouble < TROUBLES; trouble++) {
    await network.run(random.pick([0, 5, 100, 1_000, 8_000, 20_000]) * random.float());
    await makeTrouble(network, names);
  }
  await calm(network, names);
  await network.run(CALM_MS);
  check(network);
}

async function makeTrouble(network: SimulatedNetwork, names: readonly string[]): Promise<void> {
  const { random } = network;
  const [one, other] = [random.pick(names), random.pick(names)];
  const alive = network.nodes.map(({ name }) => name);
  const troubles = [
    () => network.cut(one, other),
    () => network.restore(one, other),
    () => network.partition(names.slice(0, 2), names.slice(2)),
    () => network.heal(),
    () => network.stall(one, random.pick([50, 2_000, 20_000])),
    () => network.nodes[0]?.disconnectNode(network.nodes.at(-1)?.id ?? network.nodes[0].id),
    () => (alive.includes(one) && alive.length > 1 ? network.crash(one, { reset: random.float() < 0.5 }) : undefined),
    () => network.restart(other),
    () => network.setLink(one, other, { latencyMs: random.below(500), bandwidth: random.pick([20_000, Number.POSITIVE_INFINITY]) }),
  ];
  await random.pick(troubles)();
}

async function calm(network: SimulatedNetwork, names: readonly string[]): Promise<void> {
  network.heal();
  const alive = new Set(network.nodes.map(({ name }) => name));
  for (const one of names) {
    for (const other of names) if (one < other) network.setLink(one, other, { latencyMs: 20, jitterMs: 5, loss: 0, bandwidth: 1e9 });
    if (!alive.has(one)) await network.restart(one);
  }
}

function check(network: SimulatedNetwork): void {
  const must = (holds: boolean, fact: string) => {
    if (!holds) throw new Error(`${fact} (seed ${JSON.stringify(network.seed)}, trace ${network.traceHash()})`);
  };
  const faults = network.trace().filter(({ kind }) => kind === 'fault');
  must(faults.length === 0, `there were faults: ${faults.map(({ from, detail }) => `${from} ${detail}`).join()}`);
  for (const node of network.nodes) {
    const witness = node.behavior(Witness);
    must(witness.contradictions.length === 0, `${node.name} was told: ${witness.contradictions.join()}`);
    must(node.connections().length === NODES - 1, `${node.name} has ${node.connections().length} connections`);
    must(witness.open.size === NODES - 1, `a behaviour of ${node.name} knows ${witness.open.size} connections`);
    for (const { nodeId, channelBinding } of node.connections()) {
      const other = network.nodes.find(({ id }) => id === nodeId);
      const back = other?.connections().find((connection) => connection.nodeId === node.id);
      must(back?.channelBinding.join() === channelBinding.join(), `${node.name} and ${other?.name} have different sessions`);
    }
  }
}
