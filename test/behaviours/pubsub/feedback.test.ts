/**
 * @module What subscribers send back to a publisher (ATM-89 to ATM-92): numbers, which nodes on the way add up, and bytes, which they pass on.
 */
import { expect } from 'chai';
import type { Feedback, Interest } from '../../../behaviours/pubsub/index.js';
import * as wire from '../../../behaviours/pubsub/messages.js';
import { type BehaviorAgent, type Message, NetworkBehavior, type NodeId, toConnection } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { LATENCY_MS, pubsubOf, ready, World } from './support.js';

const FILL = 7;

describe('feedback of subscribers', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.net.stop());

  /** A publisher at one end of a line, and a subscriber on each of these nodes. */
  async function crowd(count: number, at: readonly number[]) {
    const nodes = await world.line(count);
    const intent = pubsubOf(nodes[0] as SimulatedNode).publish('news');
    const interests = at.map((index) => pubsubOf(nodes[index] as SimulatedNode).subscribe('news'));
    await ready(world.net, intent, ...interests);
    const got: Feedback[] = [];
    const times: number[] = [];
    intent.onFeedback((feedback) => {
      got.push(feedback);
      times.push(world.net.nowMs);
    });
    return { nodes, intent, interests, got, times };
  }

  const numbers = (count: number, sum: number, min: number, max: number) => ({ type: 'numbers', id: FILL, count, sum, min, max });
  const report = (interests: readonly Interest[], values: readonly number[]) =>
    expect(interests.map((interest, index) => interest.feedback(FILL, values[index] as number))).to.deep.equal(interests.map(() => 1));

  it('numbers come as one, over relays, with those of the own node (ATM-89, ATM-90)', async () => {
    const { interests, got } = await crowd(4, [0, 1, 2, 3, 3]);
    report(interests, [4, -2, 7.5, 1, 1]);
    await world.net.run(5_000);
    expect(got.at(-1)).to.deep.equal(numbers(5, 11.5, -2, 7.5));
    interests[2]?.feedback(FILL, 0);
    await world.net.run(5_000);
    expect(got.at(-1)).to.deep.equal(numbers(5, 4, -2, 4));
  });

  it('a number goes at once the first time, then once in its window, and only where it has changed (ATM-90)', async () => {
    const { interests, got, times } = await crowd(3, [2]);
    const [interest] = interests as [Interest];
    const beganMs = world.net.nowMs;
    for (let value = 1; value <= 200; value++) {
      interest.feedback(FILL, value, { windowMs: 500 });
      await world.net.run(10);
    }
    expect((times[0] as number) - beganMs).to.be.within(2 * LATENCY_MS, 2 * LATENCY_MS + 1);
    expect(got.length).to.be.within(4, 5);
    await world.net.run(2_000);
    expect(got.at(-1)).to.deep.equal(numbers(1, 200, 200, 200));
    const { length } = got;
    for (let again = 0; again < 20; again++) {
      interest.feedback(FILL, 200, { windowMs: 500 });
      await world.net.run(100);
    }
    expect(got.length).to.equal(length);
  });

  it('who leaves, ends, or takes a number back is taken out of it (ATM-90)', async () => {
    const { nodes, interests, got } = await crowd(4, [1, 2, 3]);
    report(interests, [1, 2, 3]);
    await world.net.run(5_000);
    expect(got.at(-1)).to.deep.equal(numbers(3, 6, 1, 3));
    await (nodes[3] as SimulatedNode).kill();
    await world.net.run(20_000);
    expect(got.at(-1)).to.deep.equal(numbers(2, 3, 1, 2));
    interests[0]?.close();
    await world.net.run(2_000);
    expect(got.at(-1)).to.deep.equal(numbers(1, 2, 2, 2));
    interests[1]?.feedback(FILL, undefined);
    await world.net.run(2_000);
    expect(got.at(-1)).to.deep.equal(numbers(0, 0, 0, 0));
  });

  it('numbers reach publishers that come later, begin anew, or are found over another path (ATM-92)', async () => {
    const { nodes, intent, interests } = await crowd(3, [2]);
    const [interest] = interests as [Interest];
    interest.feedback(FILL, 5);
    const [first, second, third] = nodes as [SimulatedNode, SimulatedNode, SimulatedNode];
    const listen = (name: typeof intent) => {
      const got: Feedback[] = [];
      name.onFeedback((feedback) => got.push(feedback));
      return got;
    };
    const later = listen(pubsubOf(second).publish('news'));
    intent.close();
    await world.net.run(2_000);
    const anew = listen(pubsubOf(first).publish('news'));
    await world.net.run(2_000);
    expect([later, anew]).to.deep.equal([[numbers(1, 5, 5, 5)], [numbers(1, 5, 5, 5)]]);
    await second.kill();
    await third.connect('sim://n0');
    await world.net.run(20_000);
    expect([anew.length > 1, anew.at(-1)]).to.deep.equal([true, numbers(1, 5, 5, 5)]);
  });

  it('bytes come once and as they are to every intent of the topic, beside a number of the same id (ATM-89, ATM-90)', async () => {
    const { nodes, intent, interests, got } = await crowd(3, [0, 2]);
    const other: Feedback[] = [];
    const end = pubsubOf(nodes[0] as SimulatedNode)
      .publish('news')
      .onFeedback((feedback) => other.push(feedback));
    const full = new Uint8Array(1_024).fill(9);
    expect(interests.map((interest) => interest.feedback(FILL, full))).to.deep.equal([1, 1]);
    interests[1]?.feedback(FILL, 1);
    await world.net.run(1_000);
    const bytes = { type: 'bytes', id: FILL, bytes: full };
    expect(got).to.deep.equal([bytes, bytes, numbers(1, 1, 1, 1)]);
    expect(other).to.deep.equal(got);
    end();
    interests[0]?.feedback(1, full);
    expect([got.length, other.length]).to.deep.equal([4, 3]);
    intent.close();
  });

  it('without a path bytes go nowhere and are counted, and numbers wait for one', async () => {
    const { nodes, interests, got } = await crowd(3, [2]);
    const [, second, third] = nodes as [SimulatedNode, SimulatedNode, SimulatedNode];
    await second.kill();
    await world.net.run(20_000);
    expect(interests[0]?.feedback(FILL, Uint8Array.of(1))).to.equal(0);
    expect(pubsubOf(third).counters.feedbackDropped).to.equal(1);
    interests[0]?.feedback(FILL, 2);
    await third.connect('sim://n0');
    await world.net.run(10_000);
    expect(got).to.deep.equal([numbers(1, 2, 2, 2)]);
  });

  it('what is none is refused', async () => {
    const { nodes, interests } = await crowd(2, [1]);
    const [interest] = interests as [Interest];
    const codeOf = (work: () => unknown) => {
      try {
        return work();
      } catch (error) {
        return (error as { readonly code?: string }).code;
      }
    };
    for (const id of [-1, 16, 0.5]) expect(codeOf(() => interest.feedback(id, 1))).to.equal('ARGUMENT_INVALID');
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, '1' as never, new Uint8Array(1_025)])
      expect(codeOf(() => interest.feedback(1, value))).to.equal('ARGUMENT_INVALID');
    for (const windowMs of [99, 60_001]) expect(codeOf(() => interest.feedback(1, 1, { windowMs }))).to.equal('OPTION_INVALID');
    for (const id of [0, 15]) expect(interest.feedback(id, id)).to.equal(1);
    const confirmed = pubsubOf(nodes[1] as SimulatedNode).subscribe('news', { confirm: true });
    expect(codeOf(() => confirmed.feedback(1, 1))).to.equal('OPTION_INVALID');
    interest.close();
    expect(codeOf(() => interest.feedback(1, 1))).to.equal('NOT_STARTED');
  });

  it('a callback that throws is logged, and takes nothing from others', async () => {
    const { intent, interests, got } = await crowd(2, [1]);
    intent.onFeedback(() => {
      throw new Error('of the application');
    });
    interests[0]?.feedback(FILL, Uint8Array.of(1));
    await world.net.run(100);
    interests[0]?.feedback(FILL, Uint8Array.of(2));
    await world.net.run(100);
    expect(got.length).to.equal(2);
  });
});

describe('a neighbour that reports without end (ATM-91)', () => {
  class Liar extends NetworkBehavior {
    static readonly behavior = { serviceId: 5, name: 'pubsub' } as const;
    readonly writer = new wire.MessageWriter();
    override onMessage(_agent: BehaviorAgent, _message: Message): void {}
    send(to: NodeId, bytes: Uint8Array): void {
      this.perform((agent) => agent.send(toConnection(agent.connectionTo(to)?.id ?? 0), bytes));
    }
  }

  it('has each of sixteen numbers of a feed once in its window, and takes nothing from others', async () => {
    const world = new World();
    const [first, second] = (await world.line(2)) as [SimulatedNode, SimulatedNode];
    const liar = await world.net.createNode({
      ...{ name: 'liar', seeds: ['sim://n1'], builtins: ['handshake', 'router-sync', 'rpc'], behaviors: [Liar] },
    });
    await world.net.start(liar);
    await world.net.run(2_000);
    const intent = pubsubOf(first).publish('news');
    const got: Feedback[] = [];
    intent.onFeedback((feedback) => got.push(feedback));
    const interest = pubsubOf(second).subscribe('news');
    await ready(world.net, intent, interest);
    const { id: topicId } = (intent as unknown as { readonly source: { readonly id: NodeId } }).source;
    const lie = liar.behavior(Liar);
    lie.send(second.id, lie.writer.subscribe({ label: 1, publisher: first.id, topicId, count: 1, window: 0, epoch: 0, from: 0 }));
    await world.net.run(100);
    for (let index = 0; index < 10_000; index++) {
      lie.send(second.id, lie.writer.report(1, { id: index % 20, windowMs: 100, count: 1 + (index % 7), sum: index, min: 0, max: index }));
      lie.send(second.id, lie.writer.report(2, { id: 1, windowMs: 100, count: 1, sum: 1, min: 1, max: 1 }));
      if (index % 100 === 0) await world.net.run(10);
    }
    await world.net.run(1_000);
    expect(new Set(got.map(({ id }) => id)).size).to.equal(16);
    expect(got.length).to.be.at.most(16 * (1 + 2_000 / 100));
    expect(pubsubOf(second).counters.malformed).to.equal(2_000);
    const before = got.filter(({ id }) => id === 5).at(-1) as Feedback & { readonly type: 'numbers' };
    expect(interest.feedback(5, -3, { windowMs: 100 })).to.equal(1);
    await world.net.run(200);
    expect(got.at(-1)).to.include({ type: 'numbers', id: 5, count: before.count + 1, sum: before.sum - 3, min: -3 });
    await liar.kill();
    await world.net.run(20_000);
    expect(got.filter(({ id }) => id === 5).at(-1)).to.include({ count: 1, sum: -3 });
    expect(got.filter(({ id }) => id === 6).at(-1)).to.include({ count: 0, sum: 0 });
    await world.net.stop();
  });
});
