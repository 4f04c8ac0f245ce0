/** @module Tests of the peer types, of who is accepted, and of how peers are dialled again (INET-18 to INET-31), in the simulator. */
import { expect } from 'chai';
import { PeeringBehavior, type PeeringOptions } from '../../../behaviours/peering/index.js';
import type { Logger } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { frameOf, numbers, peeringOf, peers, reader, type Sim, started, watched } from './support.js';

describe('peering types', () => {
  let sim: Sim;
  beforeEach(() => {
    sim = new SimulatedNetwork({ seed: 20, latencyMs: 5 });
  });
  afterEach(() => sim.stop());

  const stateOf = (node: SimulatedNode, target = 0) => peeringOf(node).peer(target)?.state;
  const up = (...nodes: SimulatedNode[]) => sim.runUntil(() => nodes.every((node) => peeringOf(node).status().upCount === 1));

  describe('standard', () => {
    it('INET-18, INET-20: the acceptor gives the peer a target and the type that was asked for; one link goes both ways', async () => {
      const { a, b, pa, pb } = await peers(sim);
      expect(pa.peer(0)).to.deep.include({ type: 'standard', isConfigured: true, mode: 'duplex', nodeId: b.id });
      expect(pb.peer(0)).to.deep.include({ type: 'standard', isConfigured: false, mode: 'duplex', nodeId: a.id, address: undefined });
      expect([a.connections().length, b.connections().length]).to.deep.equal([1, 1]);
    });

    it('INET-21: the dialer dials for ever; the acceptor never, and forgets the peer after a while', async () => {
      const { a, b, pa, pb } = await peers(sim, { forgetMs: 1_000 }, { backOff: { maxMs: 10_000 } });
      let dials = 0;
      b.on('dial-failed', () => dials++);
      sim.crash(a, { reset: true });
      await sim.runUntil(() => stateOf(b) === 'lost');
      const waiting = watched([pb.send(0, frameOf(1))]);
      await sim.run(999);
      expect([pb.peers().length, waiting.settled]).to.deep.equal([1, [undefined]]);
      await sim.run(2);
      expect([pb.peers().length, waiting.settled, dials]).to.deep.equal([0, ['peer-gone'], 0]);
      const again = await sim.restart('a');
      await sim.waitFor(peeringOf(again).whenUp(0));
      sim.crash(b, { reset: true });
      await sim.run(3_600_000);
      expect(peeringOf(again).peer(0)).to.include({ state: 'waiting' });
      expect(peeringOf(again).peer(0)?.failures).to.be.above(300);
      await sim.restart('b');
      await sim.run(15_000);
      expect(stateOf(again)).to.equal('up');
      expect(pa).to.not.equal(peeringOf(again));
    });

    it('INET-13: a peer that comes back within that time keeps its target, whatever its address and port are', async () => {
      const { a, b, pb } = await peers(sim);
      const { nodeId } = pb.peer(0) ?? {};
      for (const _ of numbers(3)) {
        a.disconnectNode(b.id);
        await sim.runUntil(() => stateOf(b) === 'lost');
        await up(a, b);
      }
      sim.crash(a, { reset: true });
      const again = await sim.restart('a');
      await up(again, b);
      expect(pb.peers().map((peer) => [peer.target, peer.nodeId])).to.deep.equal([[0, nodeId]]);
    });

    it('INET-30: what was configured is the same over every link: target, type, node, address, port', async () => {
      const { a, b, pa } = await peers(sim);
      const facts = () => {
        const { target, type, nodeId, address } = pa.peer(0) ?? {};
        return { target, type, nodeId, address: `${address}` };
      };
      const before = facts();
      for (const _ of numbers(3)) {
        b.disconnectNode(a.id);
        await sim.runUntil(() => stateOf(a) !== 'up');
        await up(a, b);
        expect(facts()).to.deep.equal(before);
      }
    });

    it('INET-31: a peer is known before its first frame is read', async () => {
      const b = await started(sim, 'b', { acceptUnknown: true });
      const a = await started(sim, 'a', { peers: [{ address: 'sim://b' }] });
      void peeringOf(a).send(0, frameOf(1));
      const received = await sim.waitFor(peeringOf(b).next());
      expect(peeringOf(b).peer(received?.target as number)).to.include({ state: 'up', nodeId: a.id });
    });
  });

  describe('cross', () => {
    const cross = (name: string, other: string, options: PeeringOptions = {}) =>
      started(sim, name, { peers: [{ address: `sim://${other}`, type: 'cross' }], ...options });

    for (const acceptUnknown of [false, true])
      it(`INET-20: two nodes that have each other as cross peers are up over one link, strangers accepted or not (${acceptUnknown})`, async () => {
        const [a, b] = await Promise.all([cross('a', 'b', { acceptUnknown }), cross('b', 'a', { acceptUnknown })]);
        await up(a, b);
        const heard = [a, b].map((node) => reader(peeringOf(node)));
        const sent = watched([a, b].flatMap((node) => numbers(5).map((number) => peeringOf(node).send(0, frameOf(number)))));
        await sim.run(5_000);
        expect([new Set(sent.settled), heard.map((each) => each.heard)]).to.deep.equal([
          new Set(['delivered']),
          [0, 1].map(() => numbers(5).map((number) => ({ target: 0, number }))),
        ]);
        expect([a, b].map((node) => peeringOf(node).peers().length)).to.deep.equal([1, 1]);
        expect([a, b].map((node) => node.connections().length)).to.deep.equal([1, 1]);
      });

    for (const side of [0, 1])
      it(`INET-20: either side brings the link back, also where the other one cannot dial (${side})`, async () => {
        const nodes = await Promise.all([cross('a', 'b'), cross('b', 'a')]);
        await up(...nodes);
        const [stays, goes] = [nodes[side], nodes[1 - side]] as [SimulatedNode, SimulatedNode];
        sim.crash(goes, { reset: true });
        await sim.run(100);
        const again = await sim.restart(goes.name);
        await up(stays, again);
      });

    it('INET-27, INET-29: is given up after 6 refusals, with what was wrong; its frames come back; startPeering begins anew', async () => {
      const a = await cross('a', 'b', { frameWaitMs: 86_400_000 });
      const sent = watched([peeringOf(a).send(0, frameOf(1))]);
      await sim.run(60_000);
      expect(peeringOf(a).peer(0)).to.deep.include({ state: 'gave-up', failures: 6, mode: 'invalid' });
      expect(peeringOf(a).peer(0)?.failure).to.deep.include({ type: 'refused', address: 'sim://b', attempts: 6 });
      expect([sent.settled, (await peeringOf(a).send(0, frameOf(2))).type]).to.deep.equal([['peer-gone'], 'returned']);
      await cross('b', 'a');
      peeringOf(a).startPeering({ address: 'sim://b', type: 'cross' });
      await sim.runUntil(() => stateOf(a) === 'up');
    });

    it('INET-20: one that was given up is there again when it comes by itself', async () => {
      const a = await cross('a', 'b');
      await up(a, await cross('b', 'a'));
      sim.crash('b', { reset: true });
      await sim.runUntil(() => stateOf(a) === 'gave-up', 120_000);
      await sim.restart('b');
      await sim.runUntil(() => stateOf(a) === 'up');
    });

    it('INET-22: a stranger that comes as a cross peer is dialled where it says that it listens', async () => {
      const b = await started(sim, 'b', { acceptUnknown: true });
      const a = await started(sim, 'a', { peers: [{ address: 'sim://b', type: 'cross' }] }, { listen: ['sim://a:7400'] });
      await up(a, b);
      expect(peeringOf(b).peer(0)).to.include({ type: 'cross', isConfigured: false });
      expect(`${peeringOf(b).peer(0)?.address}`).to.equal(`sim://${a.id}@a:7400`);
      a.disconnectNode(b.id);
      await sim.runUntil(() => stateOf(b) !== 'up');
      await up(a, b);
    });

    for (const [advertisedPort, told] of [
      [7500, 'sim://%@a:7500'],
      [0, 'undefined'],
    ] as const)
      it(`INET-22: the option says at which port, or that it is nowhere (${advertisedPort})`, async () => {
        const b = await started(sim, 'b', { acceptUnknown: true });
        const a = await cross('a', 'b', { advertisedPort });
        await up(a, b);
        expect(`${peeringOf(b).peer(0)?.address}`).to.equal(told.replace('%', a.id));
      });
  });

  describe('limited', () => {
    const limited = async (type: 'limited-sending' | 'limited-receiving', options: PeeringOptions = {}) => {
      const b = await started(sim, 'b', { acceptUnknown: true });
      const a = await started(sim, 'a', { peers: [{ address: 'sim://b', type }], ...options });
      await up(a, b);
      return { a, b, pa: peeringOf(a), pb: peeringOf(b) };
    };

    it('INET-22, INET-23: a peer that is limited to sending is sent to, and nothing is read from it', async () => {
      const { pa, pb } = await limited('limited-sending');
      expect([pa.peer(0)?.mode, pb.peer(0)?.mode]).to.deep.equal(['tx-only', 'rx-only']);
      expect(await sim.waitFor(pa.send(0, frameOf(1)))).to.deep.equal({ type: 'delivered' });
      expect(await pb.send(0, frameOf(2))).to.include({ type: 'returned', reason: 'not-allowed' });
    });

    it('INET-23: a peer that is limited to receiving cannot be sent to, and floods leave it out', async () => {
      const { pa, pb } = await limited('limited-receiving');
      expect([pa.peer(0)?.mode, pb.peer(0)?.mode]).to.deep.equal(['rx-only', 'tx-only']);
      expect(await pa.send(0, frameOf(1))).to.include({ type: 'returned', reason: 'not-allowed' });
      expect([await pa.sendAll(frameOf(1)), (await sim.waitFor(pb.sendAll(frameOf(1)))).length]).to.deep.equal([[], 1]);
    });

    it('INET-23: what is not allowed is not allowed while the peer is away either', async () => {
      const pa = peeringOf(await started(sim, 'a', { peers: [{ address: 'sim://b', type: 'limited-receiving' }] }));
      expect(await pa.send(0, frameOf(1))).to.include({ reason: 'not-allowed' });
    });

    it('INET-20: heals like any other', async () => {
      const { a, b, pa } = await limited('limited-sending');
      for (const number of numbers(5)) {
        b.disconnectNode(a.id);
        expect(await sim.waitFor(pa.send(0, frameOf(number)))).to.deep.equal({ type: 'delivered' });
      }
    });
  });

  describe('strangers', () => {
    it('INET-26: are not accepted by default; the dialer hears why, and tries again', async () => {
      const b = await started(sim, 'b');
      const a = await started(sim, 'a', { peers: [{ address: 'sim://b' }] });
      await sim.run(1_000);
      expect(peeringOf(a).peer(0)).to.deep.include({
        ...{ state: 'waiting', mode: 'invalid' },
        failure: { type: 'handshake', reason: 'unknown peers are not accepted (option acceptUnknown)' },
      });
      expect([peeringOf(b).peers(), peeringOf(b).status().counters.hellosRefused]).to.deep.equal([[], 1]);
      await sim.run(20_000);
      expect(peeringOf(b).status().counters.hellosRefused).to.be.above(3);
      expect(a.connections(), 'the link is not closed for that').to.have.length(1);
    });

    it('INET-26: may be accepted by a function', async () => {
      const allowed: string[] = [];
      const b = await started(sim, 'b', { acceptUnknown: (nodeId) => allowed.includes(nodeId) });
      const a = await started(sim, 'a', { peers: [{ address: 'sim://b' }] });
      await sim.run(10_000);
      expect(stateOf(a)).to.not.equal('up');
      allowed.push(a.id);
      await up(a, b);
    });

    it('INET-26: are refused by a function that fails, which is logged and stops nothing', async () => {
      const errors: unknown[] = [];
      const error = (fields: object, text: string) => void errors.push([(fields as { err: Error }).err.message, text]);
      const logger: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error, child: () => logger };
      const acceptUnknown = () => {
        throw new Error('no list yet');
      };
      const b = await started(sim, 'b', { acceptUnknown }, { logger });
      const a = await started(sim, 'a', { peers: [{ address: 'sim://b' }], backOff: { minMs: 100, maxMs: 100 } });
      await sim.run(5_000);
      expect(peeringOf(a).peer(0)?.failure).to.include({ reason: 'unknown peers are not accepted (option acceptUnknown)' });
      expect(peeringOf(b).status().counters.hellosRefused).to.be.above(20);
      expect(errors[0]).to.deep.equal(['no list yet', 'acceptUnknown failed']);
    });

    it('INET-26: a node that is configured is none, however it comes', async () => {
      const b = await started(sim, 'b', { acceptUnknown: true });
      const a = await started(sim, 'a', { peers: [{ address: `sim://${b.id}@b` }] });
      await up(a, b);
      const c = await started(sim, 'c', { peers: [{ address: 'sim://a' }] });
      await sim.run(3_000);
      expect(stateOf(c)).to.not.equal('up');
      peeringOf(a).startPeering({ address: `sim://${c.id}@c` });
      await sim.runUntil(() => stateOf(c) === 'up' && stateOf(a, 1) === 'up');
    });

    it('the one that has been away longest makes room for another one; one that is up never does', async () => {
      const b = await started(sim, 'b', { acceptUnknown: true, peersMax: 2 });
      const [c, d] = [
        await started(sim, 'c', { peers: [{ address: 'sim://b' }] }),
        await started(sim, 'd', { peers: [{ address: 'sim://b' }] }),
      ];
      await sim.runUntil(() => peeringOf(b).status().upCount === 2);
      const e = await started(sim, 'e', { peers: [{ address: 'sim://b' }] });
      await sim.run(5_000);
      expect(stateOf(e)).to.equal('waiting');
      expect(peeringOf(e).peer(0)?.failure).to.include({ reason: 'there are 2 peers, as many as option peersMax allows' });
      sim.crash(c, { reset: true });
      await sim.runUntil(() => stateOf(e) === 'up');
      expect(
        peeringOf(b)
          .peers()
          .map(({ nodeId }) => nodeId),
      ).to.deep.equal([d.id, e.id]);
    });
  });

  describe('dials', () => {
    it('INET-27, H-13: waits between dials are random shares of 2 s six times, then of 4, 8, … s', async () => {
      const a = await sim.createNode({ name: 'a', behaviors: [[PeeringBehavior, { peers: [{ address: 'sim://b' }] }]] });
      const failedMs: number[] = [];
      a.on('dial-failed', () => failedMs.push(sim.nowMs));
      await a.start();
      await sim.runUntil(() => failedMs.length > 13, 1_000_000);
      const waits = failedMs.slice(1).map((ms, index) => ms - (failedMs[index] as number));
      const bounds = [2, 2, 2, 2, 2, 2, 4, 8, 16, 32, 64, 128, 256];
      waits.forEach((wait, index) => {
        expect(wait).to.be.within(0, (bounds[index] as number) * 1_000 + 20);
      });
      expect(new Set(waits).size).to.be.above(10);
    });

    it('H-14: a link that lived for 15 s makes the waits short again, one that did not makes them longer', async () => {
      const { a, b, pa } = await peers(sim);
      for (const _ of numbers(8)) {
        b.disconnectNode(a.id);
        await sim.runUntil(() => stateOf(a) !== 'up');
        await sim.runUntil(() => stateOf(a) === 'up', 60_000);
      }
      expect(pa.peer(0)?.failures).to.equal(8);
      await sim.run(15_100);
      const beganMs = sim.nowMs;
      b.disconnectNode(a.id);
      await sim.runUntil(() => stateOf(a) !== 'up');
      await sim.runUntil(() => stateOf(a) === 'up');
      expect([pa.peer(0)?.failures, sim.nowMs - beganMs < 200]).to.deep.equal([0, true]);
    });

    it('INET-19, INET-29: a node that says nothing as a peer is asked again; nothing is kept of it', async () => {
      const mute = await sim.createNode({ name: 'b', builtins: ['handshake'] });
      await mute.start();
      const a = await started(sim, 'a', { peers: [{ address: 'sim://b' }], greetingMs: 500 });
      await sim.run(600);
      expect(peeringOf(a).peer(0)).to.deep.include({ state: 'waiting', failure: { type: 'handshake', reason: 'no answer' } });
      await sim.run(10_000);
      expect(peeringOf(a).peer(0)?.failures).to.be.above(3);
      expect(a.connections()).to.have.length(1);
    });

    it('INET-19: a node that connects and says nothing has no peer here, and holds up nobody', async () => {
      const b = await started(sim, 'b', { acceptUnknown: true });
      const mute = await sim.createNode({ name: 'm', builtins: ['handshake'], seeds: ['sim://b'] });
      await mute.start();
      await sim.run(60_000);
      expect([peeringOf(b).peers(), b.connections().length]).to.deep.equal([[], 1]);
      await up(b, await started(sim, 'a', { peers: [{ address: 'sim://b' }] }));
    });

    it('a peer that is this node itself waits, and is up when its name leads to another node, too', async () => {
      const b = await started(sim, 'b', { acceptUnknown: true });
      const a = await started(sim, 'a', { peers: [{ address: 'sim://peers', type: 'cross' }] });
      sim.setName('peers', a);
      await sim.run(60_000);
      expect(peeringOf(a).peer(0)?.failure).to.include({ type: 'refused', code: 'SELF_DIAL' });
      expect(stateOf(a)).to.equal('waiting');
      sim.setName('peers', a, b);
      await sim.runUntil(() => stateOf(a) === 'up', 4_096_000);
    });

    it('INET-22: people are told once of a configured peer that is not up for 10 s, and again after its next loss', async () => {
      const lines: string[] = [];
      const silent = () => undefined;
      const logger = { trace: silent, debug: silent, info: silent, error: silent, child: () => logger } as unknown as Logger;
      Object.assign(logger, { warn: ({ address }: { address: string }, text: string) => lines.push(`${text}: ${address}`) });
      const b = await started(sim, 'b', { acceptUnknown: true });
      const a = await started(sim, 'a', { peers: [{ address: 'sim://b' }, { address: 'sim://nobody' }] }, { logger });
      await sim.run(9_900);
      expect(lines).to.deep.equal([]);
      await sim.run(60_000);
      expect(lines).to.deep.equal(['a kept peer is not reached: sim://nobody']);
      sim.crash(b);
      await sim.runUntil(() => stateOf(a) !== 'up');
      await sim.run(10_100);
      expect(lines).to.deep.equal(['a kept peer is not reached: sim://nobody', 'a kept peer is not reached: sim://b']);
    });

    it('a second line for the same node waits, names the first, and is up when it leads to another node', async () => {
      const { a, b, pa } = await peers(sim);
      sim.setName('second', b);
      const target = pa.startPeering({ address: 'sim://second', type: 'cross' });
      const sent = watched([pa.send(target, frameOf(1))]);
      await sim.run(10_000_000);
      expect([pa.peer(target)?.state, stateOf(a)]).to.deep.equal(['waiting', 'up']);
      expect(pa.peer(target)?.failure).to.deep.equal({ type: 'duplicate', target: 0 });
      expect(sent.settled).to.deep.equal(['peer-gone']);
      const c = await started(sim, 'c', { acceptUnknown: true });
      sim.setName('second', c);
      await sim.runUntil(() => pa.peer(target)?.state === 'up', 4_096_000);
      expect([pa.peer(target)?.nodeId, stateOf(a)]).to.deep.equal([c.id, 'up']);
    });

    it('a node that came by itself and is configured afterwards has both targets from then on; no frame is lost over it', async () => {
      const { a, b, pa, pb } = await peers(sim);
      const [atA, atB] = [reader(pa), reader(pb)];
      const sent = watched([pb.send(0, frameOf(1)), pa.send(0, frameOf(1))]);
      const target = pb.startPeering({ address: 'sim://a' });
      const more = watched([pb.send(target, frameOf(2)), pb.send(0, frameOf(3)), pa.send(0, frameOf(2))]);
      await sim.run(3_000);
      expect([sent.settled, more.settled]).to.deep.equal([Array(2).fill('delivered'), Array(3).fill('delivered')]);
      expect([atB.numbers(), [...atA.numbers()].sort()]).to.deep.equal([
        [1, 2],
        [1, 2, 3],
      ]);
      expect(pb.peers()).to.have.length(1);
      expect([pb.peer(0), pb.peer(1)?.nodeId, pb.peer(1)?.isConfigured]).to.deep.equal([pb.peer(1), a.id, true]);
      expect([stateOf(a), stateOf(b)]).to.deep.equal(['up', 'up']);
    });

    it('frames that were read only after that are accounted for, and whoever waited for either target hears of it', async () => {
      const { a, b, pa, pb } = await peers(sim, { inboxFrames: 4 });
      const sent = watched(numbers(8).map((number) => pa.send(0, frameOf(number))));
      await sim.run(100);
      b.disconnectNode(a.id);
      await sim.runUntil(() => pb.peer(0)?.state === 'lost');
      const waiting = pb.whenUp(0);
      const target = pb.startPeering({ address: 'sim://a' });
      expect((await sim.waitFor(waiting)).nodeId).to.equal((await sim.waitFor(pb.whenUp(target))).nodeId);
      const heard = reader(pb);
      await sim.run(2_000);
      expect([heard.numbers(), new Set(sent.settled), pb.status().counters.violations]).to.deep.equal([
        numbers(8),
        new Set(['delivered']),
        0,
      ]);
    });
  });
});
