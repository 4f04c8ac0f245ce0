/** @module Peering between two simulated nodes whose link is cut and heals, over and over (S2, INET-15, INET-34 to INET-38). */
import { expect } from 'chai';
import type { FrameOutcome } from '../../../behaviours/peering/index.js';
import { SimulatedNetwork } from '../../../simulation.js';
import { frameOf, numbers, peers, reader, type Sim, watched } from './support.js';

describe('peering links', () => {
  let sim: Sim;
  beforeEach(() => {
    sim = new SimulatedNetwork({ seed: 15, latencyMs: 5 });
  });
  afterEach(() => sim.stop());

  it('INET-34: frames arrive in order, both ways, and are confirmed', async () => {
    const { pa, pb } = await peers(sim);
    const [atA, atB] = [reader(pa), reader(pb)];
    const sent = watched([...numbers(10).map((n) => pa.send(0, frameOf(n))), ...numbers(5).map((n) => pb.send(0, frameOf(n)))]);
    await sim.run(100);
    expect([atB.numbers(), atA.numbers()]).to.deep.equal([numbers(10), numbers(5)]);
    expect(sent.settled).to.deep.equal(Array(15).fill('delivered'));
  });

  it('INET-38, H-01: a link that is cut 1,000 times heals 1,000 times, and no frame is lost, doubled or out of order', async () => {
    const { a, b, pa, pb } = await peers(sim, {}, { holdOff: { minMs: 100, maxMs: 100 } });
    const [atA, atB] = [reader(pa), reader(pb)];
    const promises: Promise<FrameOutcome>[] = [];
    for (let cut = 0; cut < 1_000; cut++) {
      promises.push(pa.send(0, frameOf(2 * cut)), pb.send(0, frameOf(cut)));
      // In the midst of what is under way.
      await sim.run(sim.random.float() * 12);
      promises.push(pa.send(0, frameOf(2 * cut + 1)));
      (cut % 2 === 0 ? a : b).disconnectNode(cut % 2 === 0 ? b.id : a.id);
      await sim.runUntil(() => pa.peer(0)?.state === 'up' && pb.peer(0)?.state === 'up');
    }
    await sim.run(1_000);
    expect([atB.numbers(), atA.numbers()]).to.deep.equal([numbers(2_000), numbers(1_000)]);
    const { settled } = watched(promises);
    await sim.run(0);
    expect(new Set(settled)).to.deep.equal(new Set(['delivered']));
    expect(pb.peers()).to.have.length(1);
  });
});
