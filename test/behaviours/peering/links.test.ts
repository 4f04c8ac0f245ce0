/** @module Peering between simulated nodes whose links are cut and heal, over and over (S2, INET-10, INET-15, INET-34 to INET-38). */
import { expect } from 'chai';
import type { FrameOutcome } from '../../../behaviours/peering/index.js';
import { SimulatedNetwork } from '../../../simulation.js';
import { type ChaosKind, chaos } from './chaos.js';
import { frameOf, numberOf, numbers, peeringOf, peers, reader, type Sim, started, watched } from './support.js';

const QUICK = { backOff: { minMs: 100, maxMs: 100 } };

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
    const { a, b, pa, pb } = await peers(sim, {}, QUICK);
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
    expect(new Set((await Promise.all(promises)).map(({ type }) => type))).to.deep.equal(new Set(['delivered']));
    expect([pb.peers().length, pa.status().counters.violations, pb.status().counters.violations]).to.deep.equal([1, 0, 0]);
  }).timeout(300_000);

  it('INET-36, H-04: a silent loss is a loss: frames of that time arrive when the path is back, once and in order', async () => {
    const { a, b, pa, pb } = await peers(sim, {}, { ...QUICK, frameWaitMs: 600_000 });
    const [atA, atB] = [reader(pa), reader(pb)];
    for (let round = 0; round < 5; round++) {
      const sent = watched([pa.send(0, frameOf(2 * round)), pb.send(0, frameOf(round))]);
      sim.partition([a], [b]);
      sent.settled.push(...watched([pa.send(0, frameOf(2 * round + 1))]).settled);
      await sim.runUntil(() => pa.peer(0)?.state !== 'up' && pb.peer(0)?.state !== 'up');
      sim.heal();
      await sim.runUntil(() => pa.peer(0)?.state === 'up' && pb.peer(0)?.state === 'up');
      await sim.run(100);
    }
    expect([atB.numbers(), atA.numbers()]).to.deep.equal([numbers(10), numbers(5)]);
  });

  it('S2: a peer is killed and revived 5 times; frames sent while it was down are queued up to the bound and delivered in order', async () => {
    const { a, b, pa } = await peers(sim, {}, { ...QUICK, queueFrames: 8 });
    for (let round = 1; round <= 5; round++) {
      sim.crash(b, { reset: round % 2 === 0 });
      await sim.runUntil(() => pa.peer(0)?.state !== 'up');
      const sent = watched(numbers(11).map((number) => pa.send(0, frameOf(number))));
      await sim.run(1_000);
      expect(sent.settled).to.deep.equal([...Array(8).fill(undefined), 'full', 'full', 'full']);
      const revived = await sim.restart('b');
      const heard = reader(peeringOf(revived));
      await sim.runUntil(() => pa.peer(0)?.state === 'up');
      await sim.run(100);
      expect([heard.numbers(), sent.settled.slice(0, 8)]).to.deep.equal([numbers(8), Array(8).fill('delivered')]);
      expect(sent.outcomes.slice(8).map((outcome) => outcome?.type === 'returned' && numberOf(outcome.frame))).to.deep.equal([8, 9, 10]);
    }
    expect([a.connections().length, pa.peers().length]).to.deep.equal([1, 1]);
  });

  it('S2: a flood over three nodes does not go back to where it came from, also after kills', async () => {
    const b = await started(sim, 'b', { acceptUnknown: true });
    const a = await started(sim, 'a', { peers: [{ address: 'sim://b' }], ...QUICK });
    const c = await started(sim, 'c', { peers: [{ address: 'sim://b' }], ...QUICK });
    await sim.runUntil(() => peeringOf(b).status().upCount === 2);
    const [atA, atC] = [reader(peeringOf(a)), reader(peeringOf(c))];
    for (let round = 0; round < 5; round++) {
      await sim.waitFor(peeringOf(a).send(0, frameOf(round)));
      const received = await peeringOf(b).next();
      await sim.waitFor(peeringOf(b).sendAll(received?.frame as Uint8Array, { exclude: received?.target as number }));
      a.disconnectNode(b.id);
      await sim.runUntil(() => peeringOf(b).status().upCount === 1);
      await sim.runUntil(() => peeringOf(b).status().upCount === 2);
    }
    expect([atA.numbers(), atC.numbers()]).to.deep.equal([[], numbers(5)]);
  });

  it('INET-35, H-03: a remote that ends in order is lost, and its peer dials again at once and for ever', async () => {
    const { b, pa } = await peers(sim);
    await b.stop();
    expect(pa.peer(0)).to.deep.include({ mode: 'invalid', failure: { type: 'dropped', reason: 'goodbye' } });
    await sim.run(30_000);
    await sim.restart('b');
    await sim.waitFor(pa.whenUp(0));
  });

  it('INET-15: what waits for a peer is sent before what is sent after it is back', async () => {
    const { a, b, pa, pb } = await peers(sim, {}, QUICK);
    const heard = reader(pb);
    a.disconnectNode(b.id);
    await sim.runUntil(() => pa.peer(0)?.state !== 'up');
    const first = numbers(5).map((number) => pa.send(0, frameOf(number)));
    await sim.waitFor(pa.whenUp(0));
    const second = numbers(5, 5).map((number) => pa.send(0, frameOf(number)));
    await sim.waitFor(Promise.all([...first, ...second]));
    expect(heard.numbers()).to.deep.equal(numbers(10));
  });

  it('INET-37: a frame whose link is lost under it is sent again; when its time is over it comes back, and says that it may have arrived', async () => {
    const { a, b, pa, pb } = await peers(sim, {}, { frameWaitMs: 20_000 });
    const heard = reader(pb);
    sim.cut(b, a);
    const sent = watched([pa.send(0, frameOf(1))]);
    await sim.run(1_000);
    expect([heard.numbers(), sent.settled]).to.deep.equal([[1], [undefined]]);
    await sim.run(60_000);
    const [outcome] = sent.outcomes;
    expect(outcome).to.deep.equal({ type: 'returned', reason: 'expired', frame: frameOf(1), mayHaveArrived: true });
    sim.heal();
    await sim.waitFor(pa.whenUp(0), 600_000);
    await sim.waitFor(pa.send(0, frameOf(2)));
    expect(heard.numbers()).to.deep.equal([1, 2]);
  });

  it('a frame that was on a link when it was lost comes back in time, however far away the next dial is', async () => {
    const { a, b, pa } = await peers(sim, {}, { frameWaitMs: 20_000, backOff: { minMs: 3_600_000, maxMs: 3_600_000 } });
    sim.cut(b, a);
    const sent = watched([pa.send(0, frameOf(1))]);
    await sim.run(1_000);
    sim.crash(b);
    await sim.run(19_500);
    expect(sent.settled).to.deep.equal(['expired']);
    expect(pa.peer(0)?.state).to.not.equal('up');
  });

  it('frames for a peer that never comes go back when their time is over, each with its bytes', async () => {
    const pa = peeringOf(await started(sim, 'a', { peers: [{ address: 'sim://b' }], frameWaitMs: 5_000 }));
    const sent = watched(numbers(3).map((number) => pa.send(0, frameOf(number))));
    await sim.run(4_999);
    expect(sent.settled).to.deep.equal([undefined, undefined, undefined]);
    await sim.run(2);
    expect(sent.outcomes).to.deep.equal(
      numbers(3).map((number) => ({ type: 'returned', reason: 'expired', frame: frameOf(number), mayHaveArrived: false })),
    );
  });

  it('INET-10: a link that is lost again and again before it is up leaves one dial and one timer', async () => {
    const { a, b, pa } = await peers(sim, {}, QUICK);
    for (const _ of numbers(100)) {
      b.disconnectNode(a.id);
      await sim.run(sim.random.float() * 40);
    }
    await sim.waitFor(pa.whenUp(0));
    await sim.run(1_000);
    expect([a.connections().length, a.queues().find(({ name }) => name === 'dials')?.messages]).to.deep.equal([1, 0]);
  });

  it('a behaviour that is removed and added again gets along with the peers that stayed', async () => {
    const { b, pa } = await peers(sim, {}, QUICK);
    const entry = [peeringOf(b).constructor, { acceptUnknown: true }] as never;
    const lost = watched([pa.send(0, frameOf(1))]);
    await sim.run(100);
    b.removeBehavior(peeringOf(b));
    b.addBehavior(entry);
    const heard = reader(peeringOf(b));
    const sent = watched([pa.send(0, frameOf(2))]);
    await sim.run(30_000);
    expect([lost.settled, heard.numbers(), sent.settled]).to.deep.equal([['delivered'], [2], ['delivered']]);
  });

  describe('whatever happens to two peers', () => {
    for (const kind of ['standard', 'cross', 'crashing'] satisfies ChaosKind[])
      for (let seed = 1; seed <= 6; seed++)
        it(`no frame is lost silently, doubled or out of order (${kind}, seed ${seed})`, async () => {
          expect((await chaos(seed, kind)).wrong).to.deep.equal([]);
        });
  });
});
