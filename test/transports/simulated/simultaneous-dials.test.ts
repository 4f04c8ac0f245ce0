/** @module S6, row 15, USERS 22: however nodes dial each other, there is one link per pair, the same on both sides, and nothing is lost. */
import { expect } from 'chai';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { dialStorm } from './dial-storm.js';

const RUNS = 200;

describe('simultaneous dials', () => {
  it(`row 15: two nodes dial each other at random times, ${RUNS} seeds: one session, no first message lost or doubled`, async () => {
    for (let seed = 0; seed < RUNS; seed++) await dialStorm(seed, 2, seed % 2 === 0 ? 50 : 500);
  });

  it('row 15: of two dials that name each other, the one of the smaller node id survives, even if it comes a little later', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const delayMs = seed % 2 === 0 ? 0 : 20;
      const network = new SimulatedNetwork({ seed });
      const [alice, bob] = [await network.createNode({ name: 'alice' }), await network.createNode({ name: 'bob' })];
      await network.start(alice, bob);
      const [smaller, larger] = alice.id < bob.id ? [alice, bob] : [bob, alice];
      const dial = (from: SimulatedNode, to: SimulatedNode) => void from.connect(`sim://${to.id}@${to.name}`);
      network.after(0, () => dial(larger, smaller));
      network.after(delayMs, () => dial(smaller, larger));
      await network.run(1_000);
      expect(smaller.connections().map(({ direction }) => direction)).to.deep.equal(['outgoing']);
      expect(larger.connections().map(({ direction }) => direction)).to.deep.equal(['incoming']);
    }
  });

  it('S6: 20 nodes dial all others at random times, as 50 do in a scenario: one link per pair, the same on both sides, nothing lost', async () => {
    await dialStorm('storm of 20', 20, 2_000);
  });
});
