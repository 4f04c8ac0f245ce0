/** @module A message to all providers of a service, in a triangle, a square and a full mesh, reaches everybody exactly once. */
import { expect } from 'chai';
import { toServices } from '../../core/index.js';
import { SimulatedNetwork } from '../../simulation.js';
import { type RecordingBehavior, recordingBehavior } from '../../testing/index.js';
import { slotOf } from '../core/node/life-cycle.js';

const COUNT = 50;

/** Nodes with the service 64, and who dials whom. */
async function meshOf(names: readonly string[], pairs: readonly (readonly [string, string])[]) {
  const network = new SimulatedNetwork({ seed: names.join(), latencyMs: 5, jitterMs: 20 });
  const heard: RecordingBehavior[] = [];
  const nodes = await Promise.all(
    names.map((name) => {
      const behavior = recordingBehavior({ serviceId: 64, name });
      heard.push(behavior);
      const seeds = pairs.filter(([from]) => from === name).map(([, to]) => `sim://${to}`);
      return network.createNode({ name, builtins: [], seeds, behaviors: [behavior] });
    }),
  );
  await network.start(...nodes);
  const links = () => nodes.reduce((sum, node) => sum + node.connections().length, 0);
  await network.runUntil(() => links() === 2 * pairs.length);
  const send = (from: number, byte: number) => {
    const node = nodes[from] as (typeof nodes)[number];
    const engine = node['network'];
    node['runner'].enter(() => {
      engine.callbacks.perform(slotOf({ network: engine }, 64), (agent) => agent.send(toServices(), Uint8Array.of(byte)));
    });
  };
  return { network, nodes, heard, send };
}

const SHAPES = {
  triangle: [
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'a'],
  ],
  square: [
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'd'],
    ['d', 'a'],
  ],
  'full mesh of five': ['a', 'b', 'c', 'd', 'e'].flatMap((from, index, all) => all.slice(index + 1).map((to) => [from, to] as const)),
} as const satisfies Record<string, readonly (readonly [string, string])[]>;

describe('a broadcast', () => {
  for (const [shape, pairs] of Object.entries(SHAPES)) {
    it(`in a ${shape} reaches every node once, its sender included`, async () => {
      const names = [...new Set(pairs.flat())].sort();
      const { network, nodes, heard, send } = await meshOf(names, pairs);
      for (let byte = 0; byte < COUNT; byte++) send(byte % nodes.length, byte);
      await network.run(1_000);
      const expected = Array.from({ length: COUNT }, (_, byte) => byte);
      for (const { name, messages } of heard)
        expect(
          messages.map(({ payload }) => payload[0]).sort((x, y) => (x as number) - (y as number)),
          name,
        ).to.deep.equal(expected);
      const dropped = nodes.reduce((sum, node) => sum + (node.metrics()['messages_dropped_duplicate_total'] as number), 0);
      expect(dropped).to.be.greaterThan(0);
      await network.stop();
    });
  }
});
