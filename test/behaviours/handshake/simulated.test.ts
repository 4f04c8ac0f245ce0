/** @module Tests of the handshake in virtual time: deadlines, dials that cross, and ends at every instant of it. */
import { expect } from 'chai';
import type { NodeEvents } from '../../../index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { all, handshakeOf, Peer } from './support.js';

const OPEN_TIMEOUT_MS = 10_000;
const builtins = ['handshake'] as const;

const addresses = (node: SimulatedNode) => node.connections().map(({ id }) => handshakeOf(node).remoteAddresses(id).join());

async function annaAndBen(seed: number, jitterMs = 0): Promise<{ net: SimulatedNetwork; anna: SimulatedNode; ben: SimulatedNode }> {
  const net = new SimulatedNetwork({ seed, latencyMs: 10, jitterMs });
  const anna = await net.createNode({ name: 'anna', builtins });
  const ben = await net.createNode({ name: 'ben', builtins });
  await net.start(anna, ben);
  return { net, anna, ben };
}

describe('handshake in virtual time', () => {
  it('costs no round trip besides the one that opening takes without it', async () => {
    const times: number[] = [];
    for (const gates of [[], builtins]) {
      const net = new SimulatedNetwork({ seed: 1, latencyMs: 10 });
      const anna = await net.createNode({ name: 'anna', builtins: gates });
      const ben = await net.createNode({ name: 'ben', builtins: gates });
      await net.start(anna, ben);
      const startMs = net.nowMs;
      await anna.connect('sim://ben');
      times.push(net.nowMs - startMs);
      await net.stop();
    }
    expect(times).to.deep.equal([60, 60]);
  });

  it('leaves a peer that says nothing exactly at the deadline for opening', async () => {
    const net = new SimulatedNetwork({ seed: 1, latencyMs: 10 });
    const honest = await net.createNode({ name: 'honest', builtins });
    const peer = await net.createNode({ name: 'peer', builtins: [], behaviors: [new Peer()] });
    await net.start(honest, peer);
    const refused = all(honest, 'refused');
    const acceptedMs = net.nowMs + 10;
    const dialled = peer.connect('sim://honest', { timeoutMs: 60_000 }).catch(() => undefined);
    await net.run(OPEN_TIMEOUT_MS + 5);
    expect(refused).to.deep.equal([]);
    await net.runUntil(() => refused.length > 0, 100);
    expect(net.nowMs - acceptedMs).to.be.within(OPEN_TIMEOUT_MS, OPEN_TIMEOUT_MS + 10);
    expect(refused[0]?.reason).to.deep.equal({ code: 'timeout', text: 'not open in time', by: 'local' });
    await dialled;
    await net.stop();
  });

  it('row 15: of two dials that cross one connection is left, and both know whose it is, with 300 seeds', async () => {
    for (let seed = 0; seed < 300; seed++) {
      const { net, anna, ben } = await annaAndBen(seed, 20);
      const faults: NodeEvents['fault'][] = [];
      for (const node of [anna, ben]) node.on('fault', (fault) => faults.push(fault));
      const delayMs = net.random.float() * 60;
      const dials = [anna.connect('sim://ben')];
      net.after(delayMs, () => dials.push(ben.connect('sim://anna')));
      await net.run(2_000);
      await Promise.all(dials);
      const [mine, theirs] = [anna.connections(), ben.connections()];
      expect([mine.length, theirs.length], `seed ${seed}`).to.deep.equal([1, 1]);
      expect(mine[0]?.channelBinding, `seed ${seed}`).to.deep.equal(theirs[0]?.channelBinding);
      expect([addresses(anna), addresses(ben)], `seed ${seed}`).to.deep.equal([['sim://ben'], ['sim://anna']]);
      expect(faults).to.deep.equal([]);
      await net.stop();
    }
  });

  it('row 20: a peer that vanishes at any instant of it leaves nothing behind', async () => {
    for (let crashMs = 0; crashMs <= 100; crashMs += 5) {
      const { net, anna, ben } = await annaAndBen(crashMs);
      const faults = all(anna, 'fault');
      const dialled = anna.connect('sim://ben').catch(() => undefined);
      net.after(crashMs, () => net.crash(ben));
      await net.run(60_000);
      await dialled;
      expect(anna.connections(), `${crashMs} ms`).to.deep.equal([]);
      expect(faults, `${crashMs} ms`).to.deep.equal([]);
      await net.restart(ben);
      await anna.connect('sim://ben');
      expect(addresses(anna), `${crashMs} ms`).to.deep.equal(['sim://ben']);
      await net.stop();
    }
  });

  it('row 100: is the same for the same seed', async () => {
    const hashes = [];
    for (let time = 0; time < 2; time++) {
      const { net, anna } = await annaAndBen(7, 20);
      await anna.connect('sim://ben');
      await net.stop();
      hashes.push(net.traceHash());
    }
    expect(hashes[0]).to.equal(hashes[1]);
  });
});
