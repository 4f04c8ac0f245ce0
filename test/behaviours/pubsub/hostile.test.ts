/**
 * @module A neighbour that violates pubsub: whatever it sends, what it may fill is bounded and goes with it, and honest topics are unharmed.
 */
import { expect } from 'chai';
import { PubSubBehavior, type PubSubOptions } from '../../../behaviours/pubsub/index.js';
import * as wire from '../../../behaviours/pubsub/messages.js';
import { type BehaviorAgent, type Message, NetworkBehavior, type NodeId, toConnection, toNode } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { SeededRandom } from '../../../testing/conformance/check-tools.js';
import { Diary, pubsubOf, ready, World } from './support.js';

const TOPIC = 'cc'.repeat(32) as NodeId;

/** Has the service, and sends and writes down what the test wants. */
class Liar extends NetworkBehavior {
  static readonly behavior = { serviceId: 5, name: 'pubsub', rpc: ['register'] } as const;
  readonly writer = new wire.MessageWriter();
  readonly received: number[][] = [];
  offers: unknown = { offers: [] };

  override onMessage(_agent: BehaviorAgent, message: Message): void {
    this.received.push([...message.payload]);
  }

  register(): unknown {
    return this.offers;
  }

  send(to: NodeId, bytes: Uint8Array, streamId = 0): void {
    this.perform((agent) => {
      const connection = agent.connectionTo(to);
      if (connection !== undefined) agent.send(toConnection(connection.id), bytes, { streamId });
    });
  }

  /** The labels and causes of the refusals that have come. */
  get refusals(): readonly string[] {
    return this.received.filter(([kind]) => kind === wire.REFUSED).map((bytes) => wire.REFUSALS[bytes[5] as number] as string);
  }
}

describe('pubsub beside a hostile neighbour', () => {
  let world: World;
  let honest: SimulatedNode;
  let liar: SimulatedNode;
  let lie: Liar;
  afterEach(() => world.net.stop());

  async function meet(pubsub: PubSubOptions = {}): Promise<void> {
    world = new World(1, { pubsub });
    honest = await world.node('honest');
    liar = await world.net.createNode({
      name: 'liar',
      seeds: ['sim://honest'],
      builtins: ['handshake', 'router-sync', 'rpc'],
      behaviors: [Liar],
    });
    await world.net.start(liar);
    await world.net.run(2_000);
    lie = liar.behavior(Liar);
  }

  const subscribe = (label: number, publisher: NodeId, topicId: NodeId) =>
    lie.send(honest.id, lie.writer.subscribe({ label, publisher, topicId, count: 1, window: 0, epoch: 0, from: 0 }));

  it('bodies that are no messages are counted and do nothing (row 85)', async () => {
    await meet();
    const random = new SeededRandom(5);
    const diary = new Diary();
    const interest = pubsubOf(honest).subscribe('news', diary.options);
    const intent = pubsubOf(honest).publish('news');
    await ready(world.net, intent, interest);
    for (let round = 0; round < 3_000; round++) {
      const bytes = random.bytes(random.below(60));
      if (bytes.length > 0) bytes[0] = random.below(12);
      lie.send(honest.id, bytes, random.below(4));
      if (round % 100 === 0) await world.net.run(20);
    }
    await world.net.run(1_000);
    intent.send('still here');
    expect(diary.values).to.deep.equal(['still here']);
    expect(pubsubOf(honest).counters.malformed).to.be.greaterThan(1_000);
  });

  it('asks for no more feeds than a neighbour may, and all of them go with it (row 75)', async () => {
    await meet({ feedsPerNeighbourMax: 4 });
    const intents = Array.from({ length: 8 }, (_, index) => pubsubOf(honest).publish(`news/${index}`));
    await ready(world.net, ...intents);
    const other = await world.node('other', ['honest']);
    await world.net.run(2_000);
    const feeds = pubsubOf(honest).feedCount;
    for (let label = 1; label <= 10; label++) subscribe(label, other.id, `${label}`.padStart(64, '0') as NodeId);
    await world.net.run(15);
    expect(pubsubOf(honest).feedCount).to.equal(feeds + 4);
    await world.net.run(1_000);
    expect(lie.refusals.filter((cause) => cause === 'overloaded')).to.have.lengthOf(6);
    expect(lie.refusals.filter((cause) => cause === 'no-publisher')).to.have.lengthOf(4);
    await liar.kill();
    await world.net.run(30_000);
    expect(pubsubOf(honest).feedCount).to.equal(feeds);
  });

  it('that asks for a feed and never again is taken for gone after 20 s; one that asks again gets it still (ATM-87)', async () => {
    await meet();
    const intent = pubsubOf(honest).publish('news');
    await ready(world.net, intent);
    const { id } = (intent as unknown as { readonly source: { readonly id: NodeId } }).source;
    subscribe(7, honest.id, id);
    await world.net.run(15_000);
    expect(intent.interested).to.equal(1);
    lie.send(honest.id, lie.writer.refresh([{ label: 7, count: 1, limit: wire.NUMBER_MAX }]));
    await world.net.run(15_000);
    expect(intent.interested).to.equal(1);
    await world.net.run(15_000);
    expect([intent.interested, intent.send(1).queued]).to.deep.equal([0, 0]);
    lie.send(honest.id, lie.writer.refresh([{ label: 7, count: 1, limit: wire.NUMBER_MAX }]));
    await world.net.run(100);
    expect(lie.refusals).to.deep.equal(['unknown']);
  });

  it('is refused what nobody publishes, and whom nobody knows', async () => {
    await meet();
    subscribe(1, honest.id, TOPIC);
    subscribe(2, 'dd'.repeat(32) as NodeId, TOPIC);
    subscribe(3, liar.id, TOPIC);
    await world.net.run(5_000);
    expect(lie.refusals).to.deep.equal(['no-publisher', 'no-route', 'no-route']);
    expect(pubsubOf(honest).feedCount).to.equal(0);
  });

  it('offers what it does not deliver: nothing of it is kept, and messages without a label are dropped (DNDM-20)', async () => {
    await meet();
    const diary = new Diary();
    const interest = pubsubOf(honest).subscribe('news/*', { ...diary.options, scope: 'neighbours' });
    const offer = (index: number) => [Buffer.from(liar.id, 'hex'), new Uint8Array(32).fill(index + 1), `news/${index}`, ''];
    lie.offers = { offers: [] };
    await ready(world.net, interest);
    await world.net.waitFor(liar.call(toNode(honest.id), 5, 'offers', { offers: [offer(0), offer(1)] }), 10_000);
    expect(interest.publishers().map(({ state, reason }) => [state, reason])).to.deep.equal([
      ['seeking', 'no-route'],
      ['seeking', 'no-route'],
    ]);
    lie.send(honest.id, Uint8Array.of(wire.MESSAGES, 0, 0, 0, 0, 0, 1, 3, 1), 1);
    await world.net.run(100_000);
    expect([diary.values, pubsubOf(honest).counters.messagesUnknown]).to.deep.equal([[], 1]);
    expect([interest.publishers(), pubsubOf(honest).feedCount]).to.deep.equal([[], 0]);
  });

  it('offers without being asked: refused', async () => {
    await meet();
    const code = await world.net.waitFor(
      liar.call(toNode(honest.id), 5, 'offers', { offers: [] }).then(
        () => 'none',
        (error: { code: string }) => error.code,
      ),
      5_000,
    );
    expect(code).to.equal('PUBSUB_UNASKED');
  });

  it('registers more than it may: refused, and forgotten a minute after the last time (DNDM-18, row 102)', async () => {
    await meet({ registrationsPerNodeMax: 8 });
    const register = (count: number) => {
      const topics = Array.from({ length: count }, (_, index) => [new Uint8Array(32).fill(index), `a/${index}`, '']);
      const value = { place: new Uint8Array(32), wishes: [], topics, isFirst: true, isLast: true };
      return world.net.waitFor(
        liar.call(toNode(honest.id), 5, 'register', value).then(
          () => 'ok',
          (error: { code: string }) => error.code,
        ),
        5_000,
      );
    };
    expect(await register(9)).to.equal('LIMIT_EXCEEDED');
    expect(pubsubOf(honest).registrationCount).to.equal(0);
    expect(await register(8)).to.equal('ok');
    expect(pubsubOf(honest).registrationCount).to.equal(8);
    await world.net.run(61_000);
    expect(pubsubOf(honest).registrationCount).to.equal(0);
  });

  it('registers the second half of something alone: refused, and nothing of it is kept', async () => {
    await meet();
    const part = (index: number, isFirst: boolean, isLast: boolean) => {
      const topics = [[new Uint8Array(32).fill(index), `a/${index}`, '']];
      const value = { place: new Uint8Array(32), wishes: [], topics, isFirst, isLast };
      return world.net.waitFor(
        liar.call(toNode(honest.id), 5, 'register', value).then(
          () => 'ok',
          (error: { code: string }) => error.code,
        ),
        5_000,
      );
    };
    expect([await part(1, false, true), pubsubOf(honest).registrationCount]).to.deep.equal(['LIMIT_EXCEEDED', 0]);
    expect([await part(1, true, false), pubsubOf(honest).registrationCount]).to.deep.equal(['ok', 0]);
    expect([await part(2, false, true), pubsubOf(honest).registrationCount]).to.deep.equal(['ok', 2]);
  });

  it('a publisher of which nothing comes is out of sight after silenceMs, and its feed goes', async () => {
    await meet({ silenceMs: 15_000 });
    const diary = new Diary();
    const interest = pubsubOf(honest).subscribe('news/*', { ...diary.options, scope: 'neighbours' });
    await ready(world.net, interest);
    const offers = [[Buffer.from(liar.id, 'hex'), new Uint8Array(32).fill(1), 'news/1', '']];
    void liar.call(toNode(honest.id), 5, 'offers', { offers }).catch(() => {});
    await world.net.run(100);
    const wish = lie.received.find(([kind]) => kind === wire.SUBSCRIBE) ?? [];
    const label = Buffer.from(wish).readUInt32BE(1);
    lie.send(honest.id, lie.writer.bound({ label, epoch: 1, next: 5, hops: 0, kept: 0 }));
    lie.send(honest.id, Uint8Array.of(wire.MESSAGES, 0, 0, 0, 0, 0, 5, 3, 1), label);
    await world.net.run(14_000);
    expect([diary.messages.length, diary.lost.length]).to.deep.equal([1, 0]);
    await world.net.run(3_000);
    expect(diary.lost.map(({ lastDelivered }) => lastDelivered)).to.deep.equal([5]);
  });

  it('a path that goes in a circle is left: more than 64 hops are none (H-34)', async () => {
    await meet();
    const interest = pubsubOf(honest).subscribe('news/*', { scope: 'neighbours' });
    await ready(world.net, interest);
    const offers = [[Buffer.from(liar.id, 'hex'), new Uint8Array(32).fill(1), 'news/1', '']];
    void liar.call(toNode(honest.id), 5, 'offers', { offers }).catch(() => {});
    await world.net.run(100);
    const label = Buffer.from(lie.received.find(([kind]) => kind === wire.SUBSCRIBE) ?? []).readUInt32BE(1);
    lie.send(honest.id, lie.writer.bound({ label, epoch: 1, next: 1, hops: 63, kept: 0 }));
    await world.net.run(100);
    expect(interest.publishers()[0]?.state).to.equal('bound');
    lie.send(honest.id, lie.writer.bound({ label, epoch: 1, next: 1, hops: 64, kept: 0 }));
    await world.net.run(100);
    expect(interest.publishers()[0]?.reason).to.equal('loop');
    expect(lie.received.some(([kind]) => kind === wire.LEAVE)).to.equal(true);
  });

  it('its bounds are in node.limits(), and its queue in node.queues()', async () => {
    await meet({ topicsMax: 2 });
    const limits = honest.limits().behaviors['pubsub'] ?? {};
    expect(Object.keys(limits)).to.include.members(['topicsMax', 'feedsMax', 'registrationsMax']);
    pubsubOf(honest).publish('a');
    pubsubOf(honest).publish('b');
    expect(() => pubsubOf(honest).publish('c'))
      .to.throw('topicsMax')
      .with.property('code', 'LIMIT_EXCEEDED');
    pubsubOf(honest).subscribe('a', { waitingMax: 7 });
    const queue = honest.queues().find(({ name }) => name === 'pubsub.waiting');
    expect(queue?.messagesMax).to.equal(7);
    expect(honest.behavior(PubSubBehavior).feedCount).to.equal(3 - 1);
  });
});
