/** @module Tests of what links are like: latency, jitter, loss, bandwidth, and conditions of their own. */
import { expect } from 'chai';
import { type LinkSink, parseAddress } from '../../../index.js';
import { SimulatedNetwork } from '../../../simulation.js';
import { RawPeer } from '../../../testing/index.js';
import { Chat, chatNetwork } from './support.js';

type Nodes = Awaited<ReturnType<typeof chatNetwork>>['nodes'];

/** How long each of some messages takes, sent one per second. */
async function delays(options: object, count = 40, bytes = 100): Promise<number[]> {
  const { network, nodes } = await chatNetwork(['alice', 'bob'], options);
  return delaysIn(network, nodes, count, bytes);
}

async function delaysIn(network: Awaited<ReturnType<typeof chatNetwork>>['network'], [alice, bob]: Nodes, count: number, bytes: number) {
  const sentMs: number[] = [];
  const before = bob.behavior(Chat).heard.length;
  for (let index = 0; index < count; index++) {
    sentMs.push(network.nowMs);
    alice.behavior(Chat).say(bob, new Uint8Array(bytes));
    await network.run(1_000);
  }
  await network.run(20_000);
  return bob
    .behavior(Chat)
    .heard.slice(before)
    .map(({ atMs }, index) => atMs - (sentMs[index] as number));
}

describe('latency', () => {
  it('is what every byte takes, one way', async () => {
    expect(new Set(await delays({ latencyMs: 25 }))).to.deep.equal(new Set([25]));
    expect(new Set(await delays({ latencyMs: 0 }))).to.deep.equal(new Set([0]));
  });
});

describe('jitter', () => {
  it('adds up to its measure at random, evenly', async () => {
    const taken = await delays({ latencyMs: 20, jitterMs: 40 }, 200);
    expect(Math.min(...taken)).to.be.within(20, 23);
    expect(Math.max(...taken)).to.be.within(57, 60);
    expect(taken.reduce((sum, each) => sum + each, 0) / taken.length).to.be.within(36, 44);
  });

  it('changes the order of no bytes of one channel', async () => {
    const { network, nodes } = await chatNetwork(['alice', 'bob'], { jitterMs: 500 });
    const texts = Array.from({ length: 100 }, (_, index) => `message ${index}`);
    for (const text of texts) {
      nodes[0].behavior(Chat).say(nodes[1], text);
      await network.run(1);
    }
    await network.run(5_000);
    expect(nodes[1].behavior(Chat).texts).to.deep.equal(texts);
  });
});

describe('loss', () => {
  it('delays what is lost by 200 ms and two latencies for each time, and loses nothing', async () => {
    const network = new SimulatedNetwork({ seed: 1, latencyMs: 10, loss: 0.25 });
    const taken: number[] = [];
    let near: RawPeer | undefined;
    const far: LinkSink = {
      onBytes: ([second]) => void taken.push(network.nowMs - 5_000 * (second as number)),
      onWritten: () => {},
      onClosed: () => {},
    };
    network.transport('bob').listen(parseAddress('sim://bob'), { onListening: () => {}, onAccepted: () => far, onFailed: () => {} });
    network.transport('alice').dial(parseAddress('sim://bob'), { onConnected: (link) => (near = new RawPeer(link)), onFailed: () => {} });
    await network.run(5_000);
    for (let second = 1; second <= 200; second++) {
      near?.send(Uint8Array.of(second));
      await network.run(5_000);
    }
    expect(taken.length).to.equal(200);
    const lossCounts = taken.map((each) => (each - 10) / 220);
    expect(lossCounts.filter((count) => Math.abs(count - Math.round(count)) > 1e-6)).to.deep.equal([]);
    expect(lossCounts.filter((count) => count > 0.5).length).to.be.within(30, 75);
    expect(Math.max(...lossCounts)).to.be.greaterThan(1.5);
  });

  it('shows in the trace', async () => {
    const { network, nodes } = await chatNetwork(['alice', 'bob'], { loss: 0.3 });
    for (let index = 0; index < 20; index++) nodes[0].behavior(Chat).say(nodes[1], index);
    await network.run(10_000);
    expect(network.trace().some(({ kind, size }) => kind === 'loss' && size > 0)).to.equal(true);
  });
});

describe('bandwidth', () => {
  it('bounds what passes: 1 MB at 100 kB/s takes 10 s', async () => {
    const { network, nodes } = await chatNetwork(['alice', 'bob'], { bandwidth: 100_000 });
    const [alice, bob] = nodes;
    for (let index = 0; index < 20; index++) alice.behavior(Chat).say(bob, new Uint8Array(50_000));
    const startMs = network.nowMs;
    await network.runUntil(() => bob.behavior(Chat).heard.length === 20);
    expect(network.nowMs - startMs).to.be.within(10_000, 10_300);
  });

  it('is shared by the channels of one direction, and not with the other', async () => {
    const { network, nodes } = await chatNetwork(['alice', 'bob'], { bandwidth: 100_000 });
    const [alice, bob] = nodes;
    for (let index = 0; index < 4; index++) {
      alice.behavior(Chat).say(bob, new Uint8Array(50_000));
      bob.behavior(Chat).say(alice, new Uint8Array(50_000));
    }
    const startMs = network.nowMs;
    await network.runUntil(() => [alice, bob].every((node) => node.behavior(Chat).heard.length === 4));
    expect(network.nowMs - startMs).to.be.within(2_000, 2_200);
  });

  it('control passes bulk: pings are answered while much waits', async () => {
    const { network, nodes } = await chatNetwork(['alice', 'bob'], { bandwidth: 50_000 });
    for (let index = 0; index < 40; index++) nodes[0].behavior(Chat).say(nodes[1], new Uint8Array(50_000));
    await network.run(60_000);
    expect(nodes[1].behavior(Chat).heard.length).to.equal(40);
    expect(nodes.map((node) => node.connections().length)).to.deep.equal([1, 1]);
  });
});

describe('setLink', () => {
  it('holds for one pair of nodes, both ways, from now on, and keeps what is not given', async () => {
    const { network, nodes } = await chatNetwork(['alice', 'bob', 'carol'], { latencyMs: 10, jitterMs: 1 });
    const [alice, bob, carol] = nodes;
    network.setLink(alice, 'bob', { latencyMs: 300 });
    expect(Math.min(...(await delaysIn(network, [alice, bob, carol], 3, 1)))).to.be.within(300, 301);
    expect(Math.min(...(await delaysIn(network, [bob, alice, carol], 3, 1)))).to.be.within(300, 301);
    expect(Math.max(...(await delaysIn(network, [alice, carol, bob], 3, 1)))).to.be.within(10, 11);
    network.setLink('alice', 'bob', { jitterMs: 0 });
    expect(new Set(await delaysIn(network, [alice, bob, carol], 3, 1))).to.deep.equal(new Set([300]));
  });
});
