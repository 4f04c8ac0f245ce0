/** @module Tests of what a simulated network does to its nodes: partitions, cuts, crashes, restarts, stalls. */
import { expect } from 'chai';
import { NetworkBehavior, NetworkError, STORAGE, type Storage } from '../../../index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { recordingBehavior } from '../../../testing/index.js';
import { Chat, chatNetwork } from './support.js';

const THREE = ['alice', 'bob', 'carol'];

/** When each node lost its connections, and why. */
function losses(nodes: readonly SimulatedNode[], nowMs: () => number): string[] {
  const seen: string[] = [];
  for (const node of nodes)
    node.on('disconnected', ({ connection, reason }) =>
      seen.push(`${node.name} lost ${connection.remoteAddress.host} at ${nowMs()}: ${reason.code}`),
    );
  return seen;
}

describe('partition and heal', () => {
  it('nothing passes between the groups, everything within them, and all of it after the heal, in order', async () => {
    const { network, nodes } = await chatNetwork(THREE);
    const [alice, bob, carol] = nodes;
    network.partition(['alice', bob], ['carol']);
    for (const text of ['one', 'two']) {
      alice.behavior(Chat).say(bob, text);
      alice.behavior(Chat).say(carol, text);
    }
    await network.run(5_000);
    expect([bob.behavior(Chat).texts, carol.behavior(Chat).texts]).to.deep.equal([['one', 'two'], []]);
    alice.behavior(Chat).say(carol, 'three');
    network.heal();
    await network.run(1_000);
    expect(carol.behavior(Chat).texts).to.deep.equal(['one', 'two', 'three']);
  });

  it('a partition that lasts breaks the links across it: both sides notice within 20 s', async () => {
    const { network, nodes } = await chatNetwork(THREE);
    const seen = losses(nodes, () => network.nowMs);
    network.partition(['alice', 'bob'], ['carol']);
    await network.run(20_000);
    expect(seen.map((loss) => loss.replace(/ at \d+/, '')).sort()).to.deep.equal([
      'alice lost carol: timeout',
      'carol lost alice: timeout',
    ]);
    expect(nodes[1].connections().length).to.equal(1);
  });

  it('what is under way when the partition comes arrives after it', async () => {
    const { network, nodes } = await chatNetwork(['alice', 'bob']);
    nodes[0].behavior(Chat).say(nodes[1], 'hello');
    await network.run(5);
    network.partition(['alice'], ['bob']);
    await network.run(1_000);
    expect(nodes[1].behavior(Chat).texts).to.deep.equal([]);
    network.heal();
    await network.run(10);
    expect(nodes[1].behavior(Chat).texts).to.deep.equal(['hello']);
  });

  it('a second partition replaces the first; a node in no group reaches all', async () => {
    const { network, nodes } = await chatNetwork(THREE);
    const [alice, bob, carol] = nodes;
    network.partition(['alice'], ['bob', 'carol']);
    network.partition(['alice'], ['bob']);
    alice.behavior(Chat).say(bob, 'to bob');
    alice.behavior(Chat).say(carol, 'to carol');
    await network.run(100);
    expect([bob.behavior(Chat).texts, carol.behavior(Chat).texts]).to.deep.equal([[], ['to carol']]);
  });

  it('a dial across it gets no answer, and connects after the heal if its owner still waits', async () => {
    const network = new SimulatedNetwork({ seed: 1 });
    const alice = await network.createNode({ name: 'alice' });
    const bob = await network.createNode({ name: 'bob' });
    await network.start(alice, bob);
    network.partition(['alice'], ['bob']);
    network.after(4_000, () => network.heal());
    expect((await alice.connect('sim://bob')).nodeId).to.equal(bob.id);
    expect(network.nowMs).to.be.within(4_000, 4_200);
  });
});

describe('a long partition', () => {
  it('leaves nothing behind of the dials that were given up: few reach the other side after the heal', async () => {
    const network = new SimulatedNetwork({ seed: 1 });
    const builtins = ['handshake'] as const;
    await network.createNode({ name: 'bob', builtins });
    await network.createNode({ name: 'alice', builtins, seeds: ['sim://bob'], limits: { backoffMaxMs: 2_000, openTimeoutMs: 1_000 } });
    await network.start(...network.nodes);
    network.partition(['alice'], ['bob']);
    await network.run(600_000);
    network.heal();
    await network.run(10_000);
    expect(network.nodes.map((node) => node.connections().length)).to.deep.equal([1, 1]);
    expect(network.trace().filter(({ kind }) => kind === 'dial-failed').length).to.be.greaterThan(100);
    expect(network.trace().filter(({ kind }) => kind === 'open').length).to.be.lessThan(3);
  });
});

describe('cut and restore', () => {
  it('stop one direction and leave the other', async () => {
    const { network, nodes } = await chatNetwork(['alice', 'bob']);
    const [alice, bob] = nodes;
    network.cut('alice', 'bob');
    alice.behavior(Chat).say(bob, 'there');
    bob.behavior(Chat).say(alice, 'back');
    await network.run(1_000);
    expect([alice.behavior(Chat).texts, bob.behavior(Chat).texts]).to.deep.equal([['back'], []]);
    network.restore('alice', 'bob');
    await network.run(10);
    expect(bob.behavior(Chat).texts).to.deep.equal(['there']);
  });

  it('a sender into a cut is held up by its window, then by its lane, and loses nothing', async () => {
    const { network, nodes } = await chatNetwork(['alice', 'bob']);
    const [alice, bob] = nodes;
    network.cut('alice', 'bob');
    const answers: string[] = [];
    for (let index = 0; index < 100; index++) {
      answers.push(alice.behavior(Chat).say(bob, new Uint8Array(65_536)));
      await network.run(10);
    }
    const queued = answers.filter((answer) => answer === 'queued').length;
    expect(answers.lastIndexOf('queued')).to.be.lessThan(answers.indexOf('full'));
    expect(queued).to.be.within(60, 72);
    network.restore('alice', 'bob');
    await network.run(1_000);
    expect(bob.behavior(Chat).heard.length).to.equal(queued);
  });
});

describe('crash and restart', () => {
  it('a crash is silence: the others notice by their own deadline, 15 s after the last byte', async () => {
    const { network, nodes } = await chatNetwork(THREE);
    const seen = losses(nodes, () => network.nowMs);
    await network.run(2_000);
    network.crash('carol');
    await network.run(12_000);
    expect(seen).to.deep.equal([]);
    await network.run(200);
    expect(seen).to.deep.equal(['alice lost carol at 15120: timeout']);
    expect(network.nodes.map(({ name }) => name)).to.deep.equal(['alice', 'bob']);
  });

  it('a crash with reset breaks the channels at once', async () => {
    const { network, nodes } = await chatNetwork(['alice', 'bob']);
    const seen = losses(nodes, () => network.nowMs);
    network.crash(nodes[1], { reset: true });
    await network.run(1_000);
    expect(seen).to.deep.equal(['alice lost bob at 1010: transport']);
  });

  it('a dial to a crashed host hears nothing; to one that was reset it is refused', async () => {
    const { network, nodes } = await chatNetwork(['alice', 'bob']);
    const network2 = await chatNetwork(['alice', 'bob']);
    network.crash('bob');
    const silent = await nodes[0].connect('sim://bob', { timeoutMs: 2_000 }).catch((error: NetworkError) => error.code);
    network2.network.crash('bob', { reset: true });
    await network2.network.run(100);
    const refused = await network2.nodes[0].connect('sim://bob').catch((error: NetworkError) => error.code);
    expect([silent, refused]).to.deep.equal(['DIAL_TIMEOUT', 'CONNECTION_REFUSED']);
  });

  it('a dead node does nothing more: no tick, no message, no promise', async () => {
    const ticking = recordingBehavior({ ticks: true });
    const network = new SimulatedNetwork({ seed: 1 });
    const node = await network.createNode({ behaviors: [ticking] });
    await node.start();
    network.crash(node);
    const count = ticking.calls.length;
    await network.run(10_000);
    expect(ticking.calls.length).to.equal(count);
    expect(() => network.crash(node)).to.throw(NetworkError, 'does not run');
  });

  it('what it had sent arrives; what was in its lanes does not', async () => {
    const { network, nodes } = await chatNetwork(['alice', 'bob']);
    nodes[0].behavior(Chat).say(nodes[1], 'sent');
    await network.run(1);
    nodes[0].behavior(Chat).say(nodes[1], 'not sent');
    network.crash(nodes[0]);
    await network.run(100);
    expect(nodes[1].behavior(Chat).texts).to.deep.equal(['sent']);
  });

  it('a restarted node has its identity and options, a new instance and no memory', async () => {
    const { network, nodes } = await chatNetwork(['alice', 'bob']);
    const [alice, bob] = nodes;
    alice.behavior(Chat).say(bob, 'before');
    await network.run(100);
    network.crash(bob);
    await network.run(1_000);
    const again = await network.restart('bob');
    expect(again).to.not.equal(bob);
    expect([again.id, again.name, again.behavior(Chat).texts]).to.deep.equal([bob.id, 'bob', []]);
    expect(network.nodes).to.deep.equal([alice, again]);
    const connection = await again.connect('sim://alice');
    expect(connection.nodeId).to.equal(alice.id);
    again.behavior(Chat).say(alice, 'again');
    await network.run(100);
    expect(alice.behavior(Chat).texts).to.deep.equal(['again']);
    expect(alice.connections().length).to.equal(1);
  });

  it('a restarted host breaks the channels of its past as soon as it hears of them', async () => {
    const { network, nodes } = await chatNetwork(['alice', 'bob']);
    const seen = losses(nodes, () => network.nowMs);
    await network.restart('bob');
    nodes[0].behavior(Chat).say(nodes[1], 'hello');
    await network.run(100);
    expect(seen).to.deep.equal(['alice lost bob at 1020: transport']);
  });

  it('what a node has saved is there after a restart, with a dataDirectory or without, and nowhere else', async () => {
    class Diary extends NetworkBehavior {
      static readonly behavior = { serviceId: 73, name: 'diary' } as const;
      static readonly inject = [STORAGE];
      constructor(readonly storage: Storage) {
        super();
      }
    }
    for (const options of [{}, { dataDirectory: 'data' }]) {
      const network = new SimulatedNetwork({ seed: 1 });
      for (const name of ['alice', 'bob']) await network.createNode({ name, behaviors: [Diary], ...options });
      await network.start(...network.nodes);
      network.nodes[0]?.behavior(Diary).storage.save('page', Uint8Array.of(1, 2, 3));
      network.crash('alice');
      const [alice, bob] = [await network.restart('alice'), network.nodes.find(({ name }) => name === 'bob')];
      expect(alice.behavior(Diary).storage.load('page')).to.deep.equal(Uint8Array.of(1, 2, 3));
      expect(bob?.behavior(Diary).storage.load('page')).to.equal(undefined);
    }
  });

  it('refuses to restart what was made with an instance', async () => {
    const network = new SimulatedNetwork({ seed: 1 });
    const node = await network.createNode({ name: 'alice', behaviors: [recordingBehavior()] });
    await node.start();
    const error = await network.restart('alice').catch((cause: Error) => cause);
    expect(error).to.be.instanceOf(NetworkError).with.property('message').that.contains('give classes');
  });

  it('stop says goodbye and ends every node', async () => {
    const { network, nodes } = await chatNetwork(THREE);
    const seen = losses(nodes, () => network.nowMs);
    await network.stop();
    expect(seen.every((loss) => loss.endsWith('goodbye'))).to.equal(true);
    expect(nodes.map((node) => node.connections().length)).to.deep.equal([0, 0, 0]);
  });
});

describe('stall', () => {
  it('a node that stands still loses nothing and blames nobody', async () => {
    class Counter extends NetworkBehavior {
      static readonly behavior = { serviceId: 71, name: 'counter' } as const;
      readonly ticks: number[] = [];
      override onTick(_agent: unknown, nowMs: number): void {
        this.ticks.push(nowMs);
      }
    }
    const { network, nodes } = await chatNetwork(['alice', 'bob']);
    const [alice, bob] = nodes;
    const seen = losses(nodes, () => network.nowMs);
    bob.addBehavior(Counter);
    network.stall(bob, 5_000);
    for (const text of ['one', 'two', 'three']) alice.behavior(Chat).say(bob, text);
    await network.run(4_900);
    expect([bob.behavior(Chat).texts, bob.behavior(Counter).ticks]).to.deep.equal([[], []]);
    await network.run(2_000);
    expect(bob.behavior(Chat).heard.map(({ atMs, text }) => `${text} at ${atMs}`)).to.deep.equal([
      'one at 6000',
      'two at 6000',
      'three at 6000',
    ]);
    expect(bob.behavior(Counter).ticks.length).to.be.within(1, 2);
    await network.run(20_000);
    expect(seen).to.deep.equal([]);
  });
});
