/** @module Tests of the peering endpoint as applications use it, in the simulator (INET-01 to INET-14, INET-39, INET-40). */
import { expect } from 'chai';
import { PeeringBehavior } from '../../../behaviours/peering/index.js';
import { UP_WAITERS_MAX } from '../../../behaviours/peering/peers/peer-keeper.js';
import { SimulatedNetwork } from '../../../simulation.js';
import { codeOf, frameOf, numberOf, numbers, peeringOf, peers, reader, type Sim, started, watched } from './support.js';

describe('the peering endpoint', () => {
  let sim: Sim;
  beforeEach(() => {
    sim = new SimulatedNetwork({ seed: 7, latencyMs: 5 });
  });
  afterEach(() => sim.stop());

  it('INET-01: starts without waiting for any peer, and goes on until the node stops', async () => {
    const node = await started(sim, 'a', { peers: [{ address: 'sim://nobody' }] });
    expect(sim.nowMs).to.be.below(100);
    expect(
      peeringOf(node)
        .peers()
        .map(({ state }) => state),
    ).to.not.include('up');
    const waiting = peeringOf(node).next();
    await node.stop();
    expect(await waiting).to.equal(undefined);
  });

  it('INET-02: tells its port, as bound, while it runs', async () => {
    const node = await started(sim, 'a', {}, { listen: ['sim://a:7400'] });
    expect([peeringOf(node).port, peeringOf(node).status().port]).to.deep.equal([7_400, 7_400]);
    await node.stop();
    expect(peeringOf(node).port).to.equal(undefined);
  });

  it('INET-03: of a list every good peer is added, whatever the others are; what is wrong is answered', async () => {
    const a = await started(sim, 'a', { scheme: 'sim' });
    const added = peeringOf(a).addPeers(['', 'b:1', 'b:1Y', '  ', 'c:1X', { address: 'sim://d' }]);
    expect(added.map((each) => (each.type === 'added' ? each.target : each.type))).to.deep.equal([
      ...['empty', 0, 'invalid', 'empty', 1, 2],
    ]);
    expect(
      peeringOf(a)
        .peers()
        .map(({ type }) => type),
    ).to.deep.equal(['standard', 'cross', 'standard']);
  });

  it('INET-03: those of the options are added likewise', async () => {
    const a = await started(sim, 'a', { scheme: 'sim', peers: ['b:1', 'nonsense', 'c:1L'] });
    expect(
      peeringOf(a)
        .peers()
        .map(({ address }) => `${address}`),
    ).to.deep.equal(['sim://b:1', 'sim://c:1']);
  });

  it('INET-03: startPeering refuses what is no peer, and answers the target of what is one', async () => {
    const pa = peeringOf(await started(sim, 'a'));
    for (const wrong of ['', 'b', 'b:0', 'b:1Y', { address: 'b' }]) {
      expect(() => pa.startPeering(wrong), JSON.stringify(wrong))
        .to.throw()
        .with.property('code', 'PEER_INVALID');
    }
    expect([pa.startPeering('b:1'), pa.startPeering('c:1'), pa.startPeering('b:1')]).to.deep.equal([0, 1, 0]);
    expect(() => pa.startPeering('b:1X'))
      .to.throw()
      .with.property('code', 'PEER_INVALID');
  });

  it('INET-04: the target is there at once, and frames may be sent to it before the peer is', async () => {
    const a = await started(sim, 'a');
    const target = peeringOf(a).startPeering({ address: 'sim://b' });
    const sent = watched([peeringOf(a).send(target, frameOf(1))]);
    expect([peeringOf(a).peer(target)?.state, sim.nowMs]).to.deep.equal(['dialling', sim.nowMs]);
    const b = await started(sim, 'b', { acceptUnknown: true });
    await sim.run(5_000);
    expect([sent.settled, numberOf((await peeringOf(b).next())?.frame)]).to.deep.equal([['delivered'], 1]);
  });

  it('INET-05: a frame to a target that nobody has comes back, named', async () => {
    const { pa } = await peers(sim);
    const outcome = await pa.send(1, frameOf(9));
    expect(outcome).to.deep.equal({ type: 'returned', reason: 'unknown-target', frame: frameOf(9), mayHaveArrived: false });
  });

  it('INET-06: a flood reaches every peer that is up, but for the one that is left out; nobody else misses it for one that fails', async () => {
    const nodes = await Promise.all(
      ['b', 'c', 'd'].map((name) => started(sim, name, { acceptUnknown: true, frameBytesMax: name === 'c' ? 8 : 64 })),
    );
    const a = await started(sim, 'a', { peers: ['b', 'c', 'd', 'nobody'].map((name) => ({ address: `sim://${name}` })) });
    await sim.runUntil(() => peeringOf(a).status().upCount === 3);
    const heard = nodes.map((node) => reader(peeringOf(node)));
    const outcomes = await sim.waitFor(peeringOf(a).sendAll(frameOf(1, 9), { exclude: 0 }));
    expect(outcomes.map(({ target, outcome }) => [target, outcome.type === 'returned' ? outcome.reason : outcome.type])).to.deep.equal([
      [1, 'too-large'],
      [2, 'delivered'],
    ]);
    expect((await sim.waitFor(peeringOf(a).sendAll(frameOf(2)))).map(({ target }) => target)).to.deep.equal([0, 1, 2]);
    expect(heard.map((each) => each.numbers())).to.deep.equal([[2], [2], [1, 2]]);
  });

  it('INET-07: next gives the frames of all peers in the order of their arrival, with target and node', async () => {
    const { pa, pb, b } = await peers(sim);
    const c = await started(sim, 'c', { peers: [{ address: 'sim://b' }] });
    await sim.waitFor(peeringOf(c).whenUp(0));
    for (const number of numbers(6)) {
      await sim.waitFor((number % 2 === 0 ? pa : peeringOf(c)).send(0, frameOf(number)));
    }
    const got = [];
    for (const _ of numbers(6)) got.push(await pb.next());
    expect(got.map((each) => [each?.target, numberOf(each?.frame)])).to.deep.equal(numbers(6).map((number) => [number % 2, number]));
    expect(got.map((each) => each?.nodeId)).to.deep.equal(numbers(6).map((number) => pb.peer(number % 2)?.nodeId));
    await b.stop();
    expect(await pb.next()).to.equal(undefined);
  });

  it('INET-07: 200 calls of next that are given up at random moments lose no frame', async () => {
    const { pa, pb } = await peers(sim);
    const got: number[] = [];
    const sent = numbers(200).map((number) => {
      const controller = new AbortController();
      sim.after(sim.random.float() * 2_000, () => controller.abort());
      sim.after(sim.random.float() * 2_000, () => {
        pb.next({ signal: controller.signal }).then(
          (received) => got.push(numberOf(received?.frame)),
          () => undefined,
        );
      });
      sim.after(number * 10, () => void pa.send(0, frameOf(number)));
      return number;
    });
    await sim.run(3_000);
    while (pb.status().unreadFrames > 0) got.push(numberOf((await pb.next())?.frame));
    await sim.run(1_000);
    while (got.length < sent.length) got.push(numberOf((await sim.waitFor(pb.next()))?.frame));
    expect([...got].sort((x, y) => x - y)).to.deep.equal(sent);
  });

  it('INET-08: is named, tells how long a frame may be, and how it is', async () => {
    const node = await started(sim, 'a', { identifier: 'inet-2', frameBytesMax: 100 });
    const peering = peeringOf(node);
    expect([peering.identifier, peering.sizeHint]).to.deep.equal(['inet-2', 100]);
    expect(peering.status()).to.deep.include({ identifier: 'inet-2', peerCount: 0, upCount: 0, queuedFrames: 0, unreadFrames: 0 });
  });

  it('INET-08: a frame that is too long comes back and is not thrown; one byte less goes', async () => {
    const { pa } = await peers(sim, {}, { frameBytesMax: 100 });
    const outcomes = await sim.waitFor(Promise.all([pa.send(0, frameOf(1, 101)), pa.send(0, frameOf(2, 100))]));
    expect(outcomes.map((outcome) => (outcome.type === 'returned' ? outcome.reason : outcome.type))).to.deep.equal([
      'too-large',
      'delivered',
    ]);
  });

  it('INET-08: nobody is sent a frame that his node would not take as a message', async () => {
    const b = await started(sim, 'b', { acceptUnknown: true }, { limits: { payloadBytesMax: 1_000 } });
    const pa = peeringOf(await started(sim, 'a', { peers: [{ address: 'sim://b' }] }));
    const early = pa.send(0, frameOf(1, 996));
    await sim.waitFor(pa.whenUp(0));
    expect([await early, await pa.send(0, frameOf(1, 996))].map((outcome) => outcome.type === 'returned' && outcome.reason)).to.deep.equal([
      ...['too-large', 'too-large'],
    ]);
    expect(await sim.waitFor(pa.send(0, frameOf(2, 995)))).to.deep.equal({ type: 'delivered' });
    expect(b.connections()).to.have.length(1);
  });

  it('INET-08: an endpoint with one peer drops what that peer is to be left out of', async () => {
    const { pa, pb } = await peers(sim);
    expect(await pa.sendAll(frameOf(1), { exclude: 0 })).to.deep.equal([]);
    expect(await pa.send(0, frameOf(1), { exclude: 0 })).to.include({ type: 'returned', reason: 'excluded' });
    await sim.run(100);
    expect(pb.status().unreadFrames).to.equal(0);
  });

  it('INET-09: a peer that is not read holds its senders back: what it has room for is delivered, the rest waits, then comes back', async () => {
    const { pa, pb } = await peers(sim, { inboxFrames: 4 }, { queueFrames: 8 });
    const sent = watched(numbers(14).map((number) => pa.send(0, frameOf(number))));
    await sim.run(1_000);
    expect(sent.settled).to.deep.equal([...Array(4).fill('delivered'), ...Array(4).fill(undefined), ...Array(6).fill('full')]);
    const heard = reader(pb);
    await sim.run(1_000);
    expect([heard.numbers(), pa.status().queuedFrames]).to.deep.equal([numbers(8), 0]);
  });

  it('INET-09: one peer that is not read holds no other one back', async () => {
    const { pa, pb } = await peers(sim, { inboxFrames: 2 });
    const c = await started(sim, 'c', { peers: [{ address: 'sim://b' }] });
    await sim.waitFor(peeringOf(c).whenUp(0));
    const first = watched(numbers(5).map((number) => pa.send(0, frameOf(number))));
    await sim.run(500);
    const second = watched(numbers(2).map((number) => peeringOf(c).send(0, frameOf(number))));
    await sim.run(500);
    expect([first.settled, second.settled]).to.deep.equal([
      ['delivered', 'delivered', undefined, undefined, undefined],
      Array(2).fill('delivered'),
    ]);
    expect(pb.status().unreadFrames).to.equal(4);
  });

  it('INET-09: with a dropping inbox nobody is held back, and what was dropped is counted', async () => {
    const { pa, pb } = await peers(sim, { inboxFrames: 4, inboxPolicy: 'drop-oldest' });
    const sent = watched(numbers(20).map((number) => pa.send(0, frameOf(number))));
    await sim.run(1_000);
    const heard = reader(pb);
    await sim.run(10);
    expect([new Set(sent.settled), heard.numbers(), pb.status().counters.framesDropped]).to.deep.equal([
      ...[new Set(['delivered']), numbers(4, 16), 16],
    ]);
  });

  it('INET-11: targets ascend, and one that was removed is not given to the next peer', async () => {
    const pa = peeringOf(await started(sim, 'a', { scheme: 'sim' }));
    expect(['b:1', 'c:1'].map((line) => pa.startPeering(line))).to.deep.equal([0, 1]);
    pa.removePeer(1);
    expect(pa.startPeering('c:1')).to.equal(2);
  });

  it('INET-11: there are as many peers as the bound says; one more is refused, until one goes', async () => {
    const pa = peeringOf(await started(sim, 'a', { scheme: 'sim', peersMax: 2 }));
    expect(pa.addPeers(['b:1', 'c:1', 'd:1']).map(({ type }) => type)).to.deep.equal(['added', 'added', 'invalid']);
    expect(() => pa.startPeering('d:1'))
      .to.throw()
      .with.property('code', 'LIMIT_EXCEEDED');
    pa.removePeer(0);
    expect(pa.startPeering('d:1')).to.equal(2);
  });

  it('INET-12: peers() is a snapshot in the order of targets, and what was removed is answered', async () => {
    const { pa, b } = await peers(sim);
    pa.startPeering('nobody:1');
    const before = pa.peers();
    expect(pa.removePeer(0)).to.deep.include({ target: 0, state: 'up', nodeId: b.id });
    expect([before.map(({ target }) => target), pa.peers().map(({ target }) => target)]).to.deep.equal([[0, 1], [1]]);
    expect([pa.peer(0), pa.peer(1)?.target]).to.deep.equal([undefined, 1]);
  });

  it('INET-14: to remove a peer that is not there is no mistake; a removed one is told, and gets nothing more', async () => {
    const { pa, pb } = await peers(sim);
    const sent = watched([pa.send(0, frameOf(1)), pa.send(0, frameOf(2))]);
    pa.removePeer(0);
    expect([pa.removePeer(0), pa.removePeer(77)]).to.deep.equal([undefined, undefined]);
    await sim.run(100);
    expect([sent.settled, pb.peers().map(({ state }) => state)]).to.deep.equal([['peer-gone', 'peer-gone'], ['lost']]);
    expect(sent.outcomes.map((outcome) => outcome?.type === 'returned' && outcome.mayHaveArrived)).to.deep.equal([true, true]);
  });

  it('INET-39: frames of two senders at once do not mix', async () => {
    const { pa, pb } = await peers(sim, { inboxFrames: 100 });
    const long = (fill: number) => new Uint8Array(60_000).fill(fill);
    const sent = watched(numbers(40).map((number) => pa.send(0, long(number + 1))));
    await sim.run(1_000);
    expect(new Set(sent.settled)).to.deep.equal(new Set(['delivered']));
    for (const number of numbers(40)) {
      const frame = (await pb.next())?.frame ?? new Uint8Array();
      expect([frame.length, new Set(frame)]).to.deep.equal([60_000, new Set([number + 1])]);
    }
  });

  it('INET-40, H-64: bytes and bytes per second of each peer, over ten seconds; nothing for a target that nobody has', async () => {
    const { pa, pb } = await peers(sim);
    reader(pb);
    for (const number of numbers(100)) {
      void pa.send(0, frameOf(number, 1_000));
      await sim.run(100);
    }
    await sim.run(5_000);
    expect([pa.metrics(0)?.sentBytes, pb.metrics(0)?.receivedBytes, pa.metrics(0)?.periodMs]).to.deep.equal([100_000, 100_000, 10_000]);
    for (const rate of [pa.metrics(0)?.sentBytesPerSecond, pb.metrics(0)?.receivedBytesPerSecond]) expect(rate).to.be.within(9_000, 10_000);
    await sim.run(20_000);
    expect([pa.metrics(0)?.sentBytesPerSecond, pa.metrics(0)?.sentBytes, pa.metrics(9)]).to.deep.equal([0, 100_000, undefined]);
  });

  describe('mistakes and ends', () => {
    it('what is no frame is refused by rejection', async () => {
      const { pa } = await peers(sim);
      expect(await Promise.all([codeOf(pa.send(0, 'text' as never)), codeOf(pa.sendAll({} as never))])).to.deep.equal([
        'ARGUMENT_INVALID',
        'ARGUMENT_INVALID',
      ]);
    });

    it('before the start and after the stop frames come back and nothing is thrown at those who do not look', async () => {
      const peering = new PeeringBehavior();
      expect(await peering.send(0, frameOf(1))).to.include({ reason: 'stopped' });
      const { a, pa } = await peers(sim);
      pa.startPeering({ address: 'sim://nobody' });
      const sent = watched([pa.send(1, frameOf(1)), pa.send(0, frameOf(2))]);
      const up = codeOf(pa.whenUp(1));
      await a.stop();
      await sim.run(0);
      expect([sent.settled, await up, await pa.next()]).to.deep.equal([['stopped', 'stopped'], 'PEER_GONE', undefined]);
      expect(await pa.send(0, frameOf(1))).to.include({ reason: 'stopped' });
    });

    it('a signal takes a frame back that was not sent; one that was sent goes its way', async () => {
      const { pa } = await peers(sim);
      const nobody = pa.startPeering({ address: 'sim://nobody' });
      const controller = new AbortController();
      const { signal } = controller;
      const sent = watched([pa.send(nobody, frameOf(1), { signal }), pa.send(0, frameOf(2), { signal })]);
      controller.abort();
      await sim.run(100);
      expect(sent.settled).to.deep.equal(['cancelled', 'delivered']);
      expect(await pa.send(0, frameOf(3), { signal })).to.include({ reason: 'cancelled' });
      expect(pa.status().queuedFrames).to.equal(0);
    });

    it('the bytes are the caller’s again as soon as send has returned', async () => {
      const { pa, pb } = await peers(sim);
      const frame = frameOf(1);
      void pa.send(0, frame);
      frame.fill(255);
      expect(numberOf((await sim.waitFor(pb.next()))?.frame)).to.equal(1);
    });

    it('as many may wait for peers as the bound says; one more is rejected, and one that gives up makes room', async () => {
      const { pa } = await peers(sim);
      const target = pa.startPeering({ address: 'sim://nobody' });
      const controller = new AbortController();
      const first = codeOf(pa.whenUp(target, { signal: controller.signal }));
      const rest = numbers(UP_WAITERS_MAX - 1).map(() => codeOf(pa.whenUp(target)));
      expect(await codeOf(pa.whenUp(target))).to.equal('LIMIT_EXCEEDED');
      expect(await pa.whenUp(0), 'who is up needs no room').to.include({ state: 'up' });
      controller.abort();
      rest.push(codeOf(pa.whenUp(target)));
      pa.removePeer(target);
      expect([await first, ...new Set(await Promise.all(rest))]).to.deep.equal(['CALL_CANCELLED', 'PEER_GONE']);
    });

    it('whenUp waits, and ends with the peer or its signal', async () => {
      const { pa } = await peers(sim);
      expect(await pa.whenUp(0)).to.include({ state: 'up' });
      const target = pa.startPeering({ address: 'sim://nobody' });
      const controller = new AbortController();
      const ends = [codeOf(pa.whenUp(target)), codeOf(pa.whenUp(target, { signal: controller.signal })), codeOf(pa.whenUp(99))];
      controller.abort();
      pa.removePeer(target);
      expect(await Promise.all(ends)).to.deep.equal(['PEER_GONE', 'CALL_CANCELLED', 'PEER_GONE']);
    });
  });
});
