/** @module What a simulation may cost: 100 nodes stand within 2 s; more is measured by `campaigns/simulation-scale.ts`. */
import { expect } from 'chai';
import { SimulatedNetwork } from '../../../simulation.js';

describe('the cost of a simulation', () => {
  it('100 nodes in a ring with chords are created, started and connected in less than 2 s', async () => {
    const network = new SimulatedNetwork({ seed: 1 });
    const startMs = performance.now();
    for (let index = 0; index < 100; index++) await network.createNode({ name: `node-${index}` });
    await network.start(...network.nodes);
    const addressOf = (index: number) => `sim://node-${index % 100}`;
    await Promise.all(network.nodes.flatMap((node, index) => [1, 4, 9, 16].map((step) => node.connect(addressOf(index + step)))));
    expect(performance.now() - startMs).to.be.lessThan(2_000);
    await network.run(1_000);
    expect(new Set(network.nodes.map((node) => node.connections().length))).to.deep.equal(new Set([8]));
  });
});
