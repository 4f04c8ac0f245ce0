/** @module A hundred simulated nodes, each with eight links. What they cost is measured by `campaigns/simulation-scale.ts`. */
import { expect } from 'chai';
import { SimulatedNetwork } from '../../../simulation.js';

describe('a larger simulation', () => {
  it('a hundred nodes in a ring with chords have the eight links each that they dialled or were dialled by', async () => {
    const network = new SimulatedNetwork({ seed: 1 });
    for (let index = 0; index < 100; index++) await network.createNode({ name: `node-${index}`, builtins: ['handshake', 'rpc'] });
    await network.start(...network.nodes);
    const addressOf = (index: number) => `sim://node-${index % 100}`;
    await Promise.all(network.nodes.flatMap((node, index) => [1, 4, 9, 16].map((step) => node.connect(addressOf(index + step)))));
    await network.run(1_000);
    expect(new Set(network.nodes.map((node) => node.connections().length))).to.deep.equal(new Set([8]));
  });
});
