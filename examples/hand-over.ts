/**
 * @module HandOver: two nodes that reach each other over a relay at first, and directly later. `meshwright simulate` runs it; the page of `--html` shows the
 * relayed link and its hand-over.
 */
import { type Message, NetworkBehavior, toConnection } from '../index.js';
import type { SimulatedNetwork, SimulationOptions } from '../simulation.js';

class Numbers extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'numbers' } as const;
  readonly received: unknown[] = [];

  override onMessage(_agent: unknown, message: Message): void {
    this.received.push(message.value());
  }
}

export const options: Partial<SimulationOptions> = { latencyMs: 15, jitterMs: 5, loss: 0.01 };

export async function simulate(network: SimulatedNetwork) {
  // In a private space every node relays for the others by default.
  const networkKey = new Uint8Array(32).fill(7);
  const create = (name: string) => network.createNode({ name, networkKey, seeds: ['sim://relay'], behaviors: [Numbers] });
  await network.createNode({ name: 'relay', networkKey });
  const [alice, bob] = [await create('alice'), await create('bob')];
  network.partition(['alice'], ['bob']);
  await network.start(...network.nodes);
  await network.run(3_000);
  const connection = await alice.connect(bob.id);
  const path = connection.path;

  let sent = 0;
  network.after(2_000, () => network.heal());
  while (connection.path === 'relayed') {
    alice.send(toConnection(connection.id), 64, ++sent);
    await network.run(10);
  }
  const directAfterMs = Math.round(network.nowMs);
  await network.run(5_000);
  const { received } = bob.behavior(Numbers);
  const isInOrder = received.every((number, index) => number === index + 1);
  return { 'path at first': path, 'direct after ms': directAfterMs, sent, received: received.length, 'in order': isInOrder };
}
