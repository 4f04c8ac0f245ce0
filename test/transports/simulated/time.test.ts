/** @module Tests of virtual time: how it passes, what waits for it, and what is wrong when it does not. */
import { expect } from 'chai';
import { type BehaviorAgent, CLOCK, type Clock, NetworkBehavior, NetworkError, toNode } from '../../../index.js';
import { SimulatedNetwork, SimulationError } from '../../../simulation.js';
import { recordingBehavior } from '../../../testing/index.js';
import { Chat, chatNetwork } from './support.js';

class Alarm extends NetworkBehavior {
  static readonly behavior = { serviceId: 70, name: 'alarm' } as const;
  ring(delayMs: number): Promise<number> {
    return new Promise((resolve) => this.perform((agent) => void agent.after(delayMs, ({ nowMs }) => resolve(nowMs))));
  }
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.fail('it did not reject'),
    (error: Error) => error,
  );
}

async function oneNode() {
  const network = new SimulatedNetwork({ seed: 7 });
  const node = await network.createNode({ name: 'alice', behaviors: [Alarm], builtins: [] });
  await node.start();
  return { network, node };
}

describe('virtual time', () => {
  it('passes by as much as is asked for, and does what is due at its end', async () => {
    const network = new SimulatedNetwork({ seed: 1 });
    const seen: number[] = [];
    for (const delayMs of [0, 10, 99.5, 100, 100.5]) network.after(delayMs, () => seen.push(delayMs));
    await network.run(100);
    expect([network.nowMs, seen]).to.deep.equal([100, [0, 10, 99.5, 100]]);
    await network.run(0);
    expect(network.nowMs).to.equal(100);
    await network.run(1);
    expect(seen.at(-1)).to.equal(100.5);
  });

  it('an hour of an idle node is over long before an hour is', async () => {
    const { network } = await oneNode();
    await network.run(3_600_000);
    expect(network.nowMs).to.equal(3_600_000);
  });

  it('passes for several who asked at once, each to its own end', async () => {
    const { network } = await oneNode();
    const ends: number[] = [];
    await Promise.all([300, 100, 200].map((ms) => network.run(ms).then(() => ends.push(network.nowMs))));
    expect(ends).to.deep.equal([100, 200, 300]);
  });

  it('does not pass while the code behind a run goes on', async () => {
    const { network } = await oneNode();
    await network.run(50);
    for (let index = 0; index < 100; index++) await Promise.resolve();
    expect(network.nowMs).to.equal(50);
    await new Promise((resolve) => setImmediate(resolve));
    expect(network.nowMs).to.equal(50);
  });

  it('stops at the instant at which a predicate holds', async () => {
    const { network, nodes } = await chatNetwork(['alice', 'bob']);
    const [alice, bob] = nodes;
    alice.behavior(Chat).say(bob, 'hello');
    await network.runUntil(() => bob.behavior(Chat).heard.length > 0);
    expect([network.nowMs, bob.behavior(Chat).texts]).to.deep.equal([1_010, ['hello']]);
    await network.runUntil(() => true);
    expect(network.nowMs).to.equal(1_010);
  });

  it('a predicate that does not come to hold is an error with the seed and the time', async () => {
    const { network } = await oneNode();
    const error = await rejection(network.runUntil(() => network.nowMs < 0, 500));
    expect(error).to.be.instanceOf(SimulationError).with.property('seed', 7);
    expect(error.message).to.match(/^not within 500 ms: .*nowMs < 0 \(seed 7, virtual time 500 ms\)$/);
    const failing = () => {
      throw new Error('of the predicate');
    };
    expect((await rejection(network.runUntil(failing))).message).to.equal('of the predicate');
  });

  it("passes until a behaviour's own promise settles", async () => {
    const { network, node } = await oneNode();
    expect(await network.waitFor(node.behavior(Alarm).ring(2_500))).to.equal(2_500);
    expect((await rejection(network.waitFor(Promise.reject(new Error('own'))))).message).to.equal('own');
    const late = await rejection(network.waitFor(node.behavior(Alarm).ring(1_000), 999));
    expect(late.message).to.match(/did not settle within 999 ms \(seed 7, virtual time 3499 ms\)/);
  });

  it('refuses durations that are none', async () => {
    const { network } = await oneNode();
    for (const durationMs of [-1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(await rejection(network.run(durationMs))).to.have.property('code', 'ARGUMENT_INVALID');
  });

  it('cancelled work is not done', async () => {
    const network = new SimulatedNetwork({ seed: 1 });
    let isDone = false;
    network.after(10, () => {
      isDone = true;
    })();
    await network.run(20);
    expect(isDone).to.equal(false);
  });
});

describe('the promises of a node, outside of a run: they let time pass by themselves', () => {
  it('start, connect and stop settle, and no more time passes than they need', async () => {
    const network = new SimulatedNetwork({ seed: 1 });
    const [alice, bob] = [
      await network.createNode({ name: 'alice', builtins: [] }),
      await network.createNode({ name: 'bob', builtins: [] }),
    ];
    await alice.start();
    await bob.start();
    expect([network.nowMs, alice.addresses.map(String)]).to.deep.equal([0, ['sim://alice']]);
    await alice.connect('sim://bob');
    expect(network.nowMs).to.equal(60);
    await alice.stop();
    expect(network.nowMs).to.be.within(60, 2_060);
    await bob.stop();
    expect(network.nowMs).to.be.lessThan(4_060);
  });

  it('a dial that fails rejects at its own time', async () => {
    const { network, node } = await oneNode();
    expect(await rejection(node.connect('sim://nobody'))).to.have.property('code', 'HOST_UNRESOLVED');
    expect(network.nowMs).to.equal(0);
    await network.createNode({ name: 'bob' });
    network.cut('alice', 'bob');
    expect(await rejection(node.connect('sim://bob', { timeoutMs: 3_000 }))).to.have.property('code', 'DIAL_TIMEOUT');
    expect(network.nowMs).to.equal(3_000);
  });

  it('several at once do as well', async () => {
    const network = new SimulatedNetwork({ seed: 1 });
    const names = Array.from({ length: 10 }, (_, index) => `node-${index}`);
    const nodes = await Promise.all(names.map((name) => network.createNode({ name, builtins: [] })));
    await Promise.all(nodes.map((node) => node.start()));
    await Promise.all(nodes.slice(1).map((node) => node.connect('sim://node-0')));
    expect([network.nowMs, nodes.slice(1).map((node) => node.connections().length)]).to.deep.equal([60, new Array(9).fill(1)]);
  });

  it('a pending one does not hold a run up, and goes on after it', async () => {
    const { network, nodes } = await chatNetwork(['alice', 'bob', 'carol']);
    const connected = nodes[1].connect('sim://carol');
    await network.run(30);
    expect(network.nowMs).to.equal(1_030);
    await connected;
    expect(network.nowMs).to.equal(1_060);
  });

  it('one that a crash leaves pending keeps nothing going', async () => {
    const { network, node } = await oneNode();
    await network.createNode({ name: 'bob' });
    let isSettled = false;
    void node.connect('sim://bob').finally(() => {
      isSettled = true;
    });
    network.crash(node);
    await network.run(60_000);
    expect([isSettled, network.nowMs]).to.deep.equal([false, 60_000]);
  });
});

describe('calls in virtual time', () => {
  class Library extends NetworkBehavior {
    static readonly behavior = { serviceId: 72, name: 'library', rpc: ['now', 'later', 'count'] } as const;
    static readonly inject = [CLOCK];
    constructor(readonly clock: Clock) {
      super();
    }
    now(): number {
      return this.clock.nowMs();
    }
    async later(): Promise<number> {
      for (let index = 0; index < 100; index++) await undefined;
      return this.clock.nowMs();
    }
    async *count(): AsyncGenerator<number> {
      for (let index = 0; index < 3; index++) yield index;
    }
  }

  async function library() {
    const network = new SimulatedNetwork({ seed: 1 });
    const [alice, bob] = [await network.createNode({ name: 'alice' }), await network.createNode({ name: 'bob', behaviors: [Library] })];
    await network.start(alice, bob);
    await alice.connect('sim://bob');
    await network.run(1_000 - network.nowMs);
    return { network, alice, bob, client: alice.client(Library, toNode(bob.id)) };
  }

  it('a call takes one way there and one back; what an async method awaits takes nothing', async () => {
    const { network, client } = await library();
    expect([await client.now(), network.nowMs]).to.deep.equal([1_010, 1_020]);
    expect([await client.later(), network.nowMs]).to.deep.equal([1_030, 1_040]);
  });

  it('a sequence comes item by item, outside of a run as well as in one', async () => {
    const { network, client } = await library();
    const seen: number[] = [];
    const readAll = async () => {
      for await (const item of client.count()) seen.push(item);
    };
    await readAll();
    await Promise.all([network.run(1_000), readAll()]);
    expect(seen).to.deep.equal([0, 1, 2, 0, 1, 2]);
  });

  it('a call that a crash leaves without an answer ends at its deadline', async () => {
    const { network, bob, client } = await library();
    network.crash(bob);
    expect(await rejection(client.now(undefined, { timeoutMs: 2_000 }))).to.have.property('code', 'RPC_TIMEOUT');
    expect(network.nowMs).to.equal(3_000);
  });

  it('a call by name does as a client does', async () => {
    const { network, alice, bob } = await library();
    expect(await alice.call(toNode(bob.id), 72, 'now', undefined)).to.equal(1_010);
    expect(network.nowMs).to.equal(1_020);
  });
});

describe('promises in virtual time', () => {
  it('settle before time goes on, however long their chain is', async () => {
    const { network, nodes } = await chatNetwork(['alice', 'bob']);
    const seen: number[] = [];
    network.after(10, () => {
      const chain = async () => {
        for (let index = 0; index < 1_000; index++) await undefined;
        seen.push(network.nowMs);
      };
      void chain();
    });
    network.after(11, () => seen.push(network.nowMs));
    await network.run(20);
    expect(seen).to.deep.equal([1_010, 1_011]);
    expect(nodes.length).to.equal(2);
  });

  it('what they then do to a node happens at the same time', async () => {
    const { network, nodes } = await chatNetwork(['alice', 'bob']);
    const [alice, bob] = nodes;
    network.after(5, async () => {
      await undefined;
      alice.behavior(Chat).say(bob, 'from a promise');
    });
    await network.run(100);
    expect(bob.behavior(Chat).heard).to.deep.equal([{ atMs: 1_015, text: 'from a promise', bytes: 15 }]);
  });
});

describe('time that does not pass', () => {
  it('is an error with the seed: events that cause events at the same instant', async () => {
    const network = new SimulatedNetwork({ seed: 'stuck', eventsPerInstantMax: 1_000 });
    const again = () => void network.after(0, again);
    network.after(25, again);
    const error = await rejection(network.run(100));
    expect(error).to.be.instanceOf(SimulationError);
    expect(error.message).to.equal('more than 1000 events happened while no time passed (seed "stuck", virtual time 25 ms)');
  });

  it('a behaviour that always asks for the next instant is the same error', async () => {
    const restless = recordingBehavior({ reactions: { onStarted: (agent: BehaviorAgent) => tick(agent) } });
    const tick = (agent: BehaviorAgent): void => void agent.after(0, (later) => tick(later as BehaviorAgent));
    const network = new SimulatedNetwork({ seed: 1, eventsPerInstantMax: 1_000 });
    const node = await network.createNode({ behaviors: [restless], builtins: [] });
    expect(await rejection(node.start().then(() => network.run(10)))).to.be.instanceOf(SimulationError);
  });

  it('a queue that overflows is an error too, and what an event throws comes out of the run', async () => {
    const network = new SimulatedNetwork({ seed: 1, eventsMax: 10 });
    for (let index = 0; index < 10; index++) network.after(1, () => {});
    expect(() => network.after(1, () => {})).to.throw(SimulationError, 'more than 10 events wait');
    await network.run(1);
    network.after(1, () => {
      throw new Error('of the test');
    });
    expect((await rejection(network.run(5))).message).to.equal('of the test');
    await network.run(5);
  });
});

describe('options', () => {
  it('are checked when they are given', async () => {
    const wrong = [{}, { seed: 1, latencyMs: -1 }, { seed: 1, loss: 1 }, { seed: 1, jitterMs: Number.NaN }, { seed: 1, bandwidth: 0 }];
    for (const options of wrong)
      expect(() => new SimulatedNetwork(options as never))
        .to.throw(NetworkError)
        .with.property('code', 'OPTION_INVALID');
    const network = new SimulatedNetwork({ seed: 1 });
    await network.createNode({ name: 'alice' });
    expect(await rejection(network.createNode({ name: 'alice' }))).to.have.property('code', 'OPTION_INVALID');
    expect(await rejection(network.createNode({ name: 'not a name' }))).to.have.property('code', 'ADDRESS_INVALID');
    expect(await rejection(network.createNode({ identity: './key' }))).to.have.property('code', 'OPTION_INVALID');
    expect(await rejection(network.createNode({ nonsense: 1 } as never))).to.have.property('code', 'OPTION_INVALID');
    expect(() => network.cut('alice', 'nobody')).to.throw(NetworkError, 'no host named nobody');
  });

  it('refuses misspelt options, wrong values and what cannot be waited for, in all of its methods', async () => {
    for (const options of [
      undefined,
      null,
      {},
      { seed: 1, latncyMs: 5 },
      { seed: 1, latencyMs: '5' },
      { seed: 1, crypto: 'none' },
      { seed: 1, links: 'x' },
    ])
      expect(() => new SimulatedNetwork(options as never), JSON.stringify(options))
        .to.throw()
        .with.property('code', 'OPTION_INVALID');
    const network = new SimulatedNetwork({ seed: 1 });
    const alice = await network.createNode({ name: 'alice' });
    await network.start(alice);
    const wrong: [string, () => unknown][] = [
      ['OPTION_INVALID', () => network.setLink('alice', 'alice', { latncyMs: 5 } as never)],
      ['OPTION_INVALID', () => network.addNat('home', { kind: 'full-cone', hairpn: true } as never)],
      ['OPTION_INVALID', () => network.addNat('home', undefined as never)],
      ['ARGUMENT_INVALID', () => network.cut('alice', undefined as never)],
      ['OPTION_INVALID', () => network.crash(alice, { rset: true } as never)],
      ['ARGUMENT_INVALID', () => network.record({ sampelMs: 5 } as never)],
      ['ARGUMENT_INVALID', () => network.after(5, undefined as never)],
      ['ARGUMENT_INVALID', () => network.run('5' as never)],
      ['ARGUMENT_INVALID', () => network.waitFor(5 as never)],
      ['ARGUMENT_INVALID', () => network.runUntil(true as never)],
    ];
    for (const [code, misuse] of wrong)
      expect(await rejection(Promise.resolve().then(misuse)), String(misuse)).to.have.property('code', code);
    expect(network.nowMs).to.equal(0);
    await network.stop();
  });
});
