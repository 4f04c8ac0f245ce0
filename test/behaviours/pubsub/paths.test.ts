/**
 * @module Nodes with a path (DNDM-14): they publish to others only what lies below it, and others follow nothing else of them.
 */
import { expect } from 'chai';
import { PubSubBehavior, topic } from '../../../behaviours/pubsub/index.js';
import * as wire from '../../../behaviours/pubsub/messages.js';
import { type BehaviorAgent, type Message, NetworkBehavior, type NetworkError, nodeIdToBytes, toNode } from '../../../core/index.js';
import { PathVectorRouter } from '../../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { Diary, pubsubOf, ready } from './support.js';

const BUILTINS = ['handshake', 'router-sync', 'rpc'] as const;

async function node(net: SimulatedNetwork, name: string, path: string, seeds: readonly string[] = []): Promise<SimulatedNode> {
  const made = await net.createNode({
    ...{ name, path, seeds: seeds.map((seed) => `sim://${seed}`), router: PathVectorRouter, builtins: BUILTINS },
    behaviors: [[PubSubBehavior, {}]],
  });
  await net.start(made);
  return made;
}

describe('a node with a path (DNDM-14)', () => {
  let net: SimulatedNetwork;
  beforeEach(() => {
    net = new SimulatedNetwork({ seed: 3, latencyMs: 10 });
  });
  afterEach(() => net.stop());

  for (const scope of ['mesh', 'neighbours'] as const)
    it(`publishes to others what lies below it, by whole segments: ${scope}`, async () => {
      const home = await node(net, 'home', 'home/kitchen');
      const other = await node(net, 'other', '', ['home']);
      await net.run(3_000);
      const [near, far, confirmed] = [new Diary(), new Diary(), new Diary()];
      const paths = ['home/kitchen', 'home/kitchen/oven', 'home/kitchenette', 'home', 'garden'];
      const interests = paths.flatMap((path) => [
        pubsubOf(home).subscribe(path, { ...near.options, scope }),
        pubsubOf(other).subscribe(path, { ...far.options, scope }),
        pubsubOf(other).subscribe(path, { ...confirmed.options, scope, confirm: true }),
      ]);
      const intents = paths.map((path) => pubsubOf(home).publish(path, { scope, keep: 1 }));
      await ready(net, ...interests, ...intents);
      for (const intent of intents) intent.send(intent.topic.path);
      await net.run(3_000);
      expect(near.values).to.have.members(paths);
      expect(far.values).to.have.members(['home/kitchen', 'home/kitchen/oven']);
      expect(confirmed.values).to.have.members(far.values);
      expect(intents.map(({ interested }) => interested)).to.deep.equal([3, 3, 1, 1, 1]);
      interests.forEach((interest) => void interest.close());
      expect(intents[2]?.explain()).to.deep.equal(['the path of this node is no prefix of it: only subscribers of this node get it']);
    });

  it('answers nobody else who asks for what lies outside', async () => {
    class Asker extends NetworkBehavior {
      static readonly behavior = { serviceId: 5, name: 'pubsub' } as const;
      readonly received: number[][] = [];
      override onMessage(_agent: BehaviorAgent, message: Message): void {
        this.received.push([...message.payload]);
      }
      ask(to: SimulatedNode, topicId: string): void {
        const writer = new wire.MessageWriter();
        const wish = { label: 1, publisher: to.id, topicId: topicId as never, count: 1, window: 0, epoch: 0, from: 0 };
        this.perform((agent) => agent.send(toNode(to.id), writer.subscribe(wish)));
      }
    }
    const home = await node(net, 'home', 'home');
    const asker = await net.createNode({ name: 'asker', seeds: ['sim://home'], builtins: BUILTINS, behaviors: [Asker] });
    await net.start(asker);
    const intent = pubsubOf(home).publish('garden', { keep: 5 });
    intent.send('secret');
    await net.run(1_000);
    const { id } = (intent as unknown as { readonly source: { readonly id: string } }).source;
    asker.behavior(Asker).ask(home, id);
    await net.run(1_000);
    expect(asker.behavior(Asker).received.map(([kind, , , , , cause]) => [kind, wire.REFUSALS[cause as number]])).to.deep.equal([
      [wire.REFUSED, 'no-publisher'],
    ]);
    const bytes = nodeIdToBytes(id as never);
    const call = (method: string, value: object) =>
      net.waitFor(
        asker.call(toNode(home.id), 5, method, value).then(
          (answer) => JSON.stringify(answer),
          (error: NetworkError) => String(error.details?.['remoteCode'] ?? error.code),
        ),
        5_000,
      );
    expect(await call('join', { topic: bytes, member: 1, group: '', window: 1, confirmMs: 1_000 })).to.equal('PUBSUB_NO_TOPIC');
    const { epoch } = (intent as unknown as { readonly source: { readonly feed: { readonly epoch: number } } }).source.feed;
    expect(await call('history', { topic: bytes, epoch, from: 1, count: 5 })).to.equal('{"messages":[]}');
    const wished = await call('register', { wishes: [['garden'], ['home']], topics: [], isFirst: true, isLast: true });
    expect(wished).to.equal('{"offers":[]}');
  });

  it('is not followed in what it offers outside of it', async () => {
    class Offerer extends NetworkBehavior {
      static readonly behavior = { serviceId: 5, name: 'pubsub', rpc: ['register'] } as const;
      id: Uint8Array = new Uint8Array(32);
      register(): unknown {
        return { offers: ['garden', 'home/a'].map((path, index) => [this.id, new Uint8Array(32).fill(index + 1), path, '']) };
      }
    }
    const subscriber = await node(net, 'subscriber', '');
    const liar = await net.createNode({
      name: 'liar',
      path: 'home',
      seeds: ['sim://subscriber'],
      builtins: BUILTINS,
      behaviors: [Offerer],
    });
    liar.behavior(Offerer).id = nodeIdToBytes(liar.id);
    const [garden, inside] = [pubsubOf(subscriber).subscribe('garden/**'), pubsubOf(subscriber).subscribe('home/**')];
    await net.start(liar);
    await net.run(3_000);
    expect([garden.publishers().length, inside.publishers().length]).to.deep.equal([0, 1]);
    expect(garden.explain()).to.deep.equal(['a neighbour publishes it whose path, home, is no prefix of it']);
  });

  it('does not offer again what it has from others: neighbours of neighbours get nothing', async () => {
    const first = await node(net, 'first', '');
    const second = await node(net, 'second', '', ['first']);
    const third = await node(net, 'third', '', ['second']);
    await net.run(3_000);
    const [near, far] = [new Diary(), new Diary()];
    const news = topic('news');
    const interests = [
      pubsubOf(second).subscribe(news, { ...near.options, scope: 'neighbours' }),
      pubsubOf(third).subscribe(news, { ...far.options, scope: 'neighbours' }),
    ];
    const intent = pubsubOf(first).publish(news, { scope: 'neighbours' });
    await ready(net, ...interests, intent);
    intent.send(1);
    await net.run(30_000);
    expect([near.values, far.values]).to.deep.equal([[1], []]);
  });
});
