/** @module Determinism of the simulator (USERS 3, S7, row 100): the seed decides everything, in every process. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { nodeCrypto } from '../../../core/platform/node/crypto-node.js';
import type { Crypto } from '../../../index.js';
import { SimulatedNetwork } from '../../../simulation.js';
import { Chat, chatNetwork, eventfulScenario } from './support.js';

const SUPPORT = new URL('./support.js', import.meta.url).href;
const CHILD = fileURLToPath(new URL('./determinism.child.js', import.meta.url));

describe('determinism', () => {
  it('row 100: the same seed gives the same trace, again and in another process; the campaign has 1,000 seeds', async () => {
    const first = await eventfulScenario(1);
    expect(await eventfulScenario(1)).to.deep.equal(first);
    expect(JSON.parse(execFileSync(process.execPath, [CHILD, '1'], { encoding: 'utf8' }))).to.deep.equal(first);
    expect(first.eventCount).to.be.greaterThan(2_000);
  });

  it('S7: another seed gives another order of events and the same final state', async () => {
    const outcomes = [];
    for (let seed = 10; seed < 13; seed++) outcomes.push(await eventfulScenario(seed));
    expect(new Set(outcomes.map(({ hash }) => hash)).size).to.equal(outcomes.length);
    const everything = Array.from({ length: 12 }, (_, index) => `node-${index}`)
      .sort()
      .join();
    for (const { names } of outcomes) expect(names).to.deep.equal([everything]);
  });

  it('two networks at once do not disturb each other', async () => {
    const alone = await eventfulScenario(3);
    const [first, second] = await Promise.all([eventfulScenario(3), eventfulScenario(3)]);
    expect([first.hash, second.hash]).to.deep.equal([alone.hash, alone.hash]);
  });

  it('the hash tells traces apart by one byte of a payload', async () => {
    const hashOf = async (text: string) => {
      const { network, nodes } = await chatNetwork(['alice', 'bob']);
      nodes[0].behavior(Chat).say(nodes[1], text);
      await network.run(100);
      return network.traceHash();
    };
    expect(await hashOf('hello')).to.equal(await hashOf('hello'));
    expect(await hashOf('hello')).to.not.equal(await hashOf('hallo'));
  });

  it('runs where there is no setImmediate, as in browsers, with the same trace', async () => {
    const script = `delete globalThis.setImmediate; const { eventfulScenario } = await import(${JSON.stringify(SUPPORT)});
      process.stdout.write((await eventfulScenario(4)).hash);`;
    const hash = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(hash).to.equal((await eventfulScenario(4)).hash);
  });

  it('real cryptography changes the bytes, not their number and time, and is as deterministic', async () => {
    const runOf = async (crypto: 'simulated' | Crypto) => {
      const { network } = await chatNetwork(['alice', 'bob'], { crypto });
      const handshake = network.trace().filter(({ kind, atMs }) => kind === 'bytes' && atMs <= 50);
      const story = handshake.map(({ atMs, from, to, size }) => [atMs, from, to, size].join(' '));
      return { story, hash: network.traceHash(), name: network.cryptoName };
    };
    const [cheap, real, again] = [await runOf('simulated'), await runOf(nodeCrypto), await runOf(nodeCrypto)];
    expect(real).to.deep.equal(again);
    expect([cheap.name, real.name, cheap.story.length]).to.deep.equal(['simulated', 'node', 3]);
    expect(real.story).to.deep.equal(cheap.story);
    expect(real.hash).to.not.equal(cheap.hash);
  });

  it('a seed may be a text, and 1 is not "1"', async () => {
    const idOf = async (seed: number | string) => (await new SimulatedNetwork({ seed }).createNode()).id;
    expect(await idOf('a')).to.equal(await idOf('a'));
    expect(new Set([await idOf('a'), await idOf('b'), await idOf(1), await idOf('1')]).size).to.equal(4);
  });

  it('a node of one name has the same identity, whoever else is there', async () => {
    const network = new SimulatedNetwork({ seed: 1 });
    await network.createNode({ name: 'other' });
    const node = await network.createNode({ name: 'alice' });
    expect(node.id).to.equal((await new SimulatedNetwork({ seed: 1 }).createNode({ name: 'alice' })).id);
  });
});

describe('trace', () => {
  it('tells the story of a connection', async () => {
    const { network } = await chatNetwork(['alice', 'bob']);
    await network.stop();
    const story = network
      .trace()
      .map(({ atMs, kind, from, to, detail }) => [atMs, kind, from, to, kind === 'bytes' ? '' : detail].join(' '));
    expect(story.slice(0, 3)).to.deep.equal(['0 network   simulated', '0 node alice  ', '0 node bob  ']);
    expect(story).to.include.members([
      '10 open alice bob ',
      '20 accept bob alice ',
      '30 bytes alice bob ',
      '60 connected alice bob outgoing',
      '1000 disconnected alice bob goodbye by local',
    ]);
  });

  it('keeps the last events only; the hash is over all', async () => {
    const traceOf = async (traceEventsMax?: number) => {
      const { network } = await chatNetwork(['alice', 'bob'], traceEventsMax === undefined ? {} : { traceEventsMax });
      return { trace: network.trace(), hash: network.traceHash() };
    };
    const all = await traceOf();
    const few = await traceOf(5);
    expect(few.trace).to.deep.equal(all.trace.slice(-5));
    expect(few.hash).to.equal(all.hash);
    expect((await traceOf(0)).trace).to.deep.equal([]);
  });
});
