/**
 * @module Before a link is made (DNDM-09): an application says who may have a topic, and whom it follows; it is asked before any message goes, and again later.
 */
import { expect } from 'chai';
import type { Intent, Interest, TopicLink } from '../../../behaviours/pubsub/index.js';
import { type NetworkError, type NodeId, nodeIdToBytes, toNode } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { Diary, pubsubOf, ready, World } from './support.js';

describe('beforeLink (DNDM-09)', () => {
  let world: World;
  let nodes: readonly [SimulatedNode, SimulatedNode, SimulatedNode];
  beforeEach(async () => {
    world = new World(2);
    nodes = (await world.line(3)) as unknown as typeof nodes;
  });
  afterEach(() => world.net.stop());

  it('of a publisher is asked for each neighbour and for this node; who is refused gets nothing, and is told why', async () => {
    const [first, middle, last] = nodes;
    const asked: TopicLink[] = [];
    const beforeLink = (link: TopicLink) => asked.push(link) > 0 && link.node === last.id;
    const diaries = [first, middle, last].map((node) => ({ node, diary: new Diary() }));
    const interests = diaries.map(({ node, diary }) => pubsubOf(node).subscribe('news', diary.options));
    const intent = pubsubOf(middle).publish('news', { beforeLink });
    await ready(world.net, intent, ...interests);
    intent.send(1);
    await world.net.run(1_000);
    expect(diaries.map(({ diary }) => diary.values)).to.deep.equal([[], [], [1]]);
    expect(new Set(asked.map(({ node }) => node))).to.deep.equal(new Set([first.id, middle.id, last.id]));
    expect(asked[0]?.topic).to.deep.equal({ path: 'news', type: '' });
    expect(interests[0]?.explain()[0]?.slice(9)).to.equal(
      'publishes @news: no messages come: it does not let this node have them, or a node on the path',
    );
    expect(intent.interested).to.equal(1);
  });

  it('of a publisher is asked for those who confirm, and who ask for what it keeps', async () => {
    const [first, middle, last] = nodes;
    const asked: NodeId[] = [];
    const beforeLink = ({ node }: TopicLink) => asked.push(node) > 0 && node === middle.id;
    const [near, far] = [new Diary(), new Diary()];
    const intent = pubsubOf(first).publish('news', { beforeLink, keep: 5 });
    const interests = [
      pubsubOf(middle).subscribe('news', { ...near.options, confirm: true }),
      pubsubOf(last).subscribe('news', { ...far.options, confirm: true }),
    ];
    await ready(world.net, intent, ...interests);
    intent.send(1);
    await world.net.run(1_000);
    expect([near.values, far.values, interests[1]?.publishers()[0]?.reason]).to.deep.equal([[1], [], 'PUBSUB_FORBIDDEN']);
    expect(asked).to.include(last.id);
    const { id, feed } = (intent as unknown as { readonly source: { readonly id: NodeId; readonly feed: { readonly epoch: number } } })
      .source;
    const history = { topic: nodeIdToBytes(id), epoch: feed.epoch, from: 1, count: 5 };
    const keptFor = (node: SimulatedNode) => world.net.waitFor(node.call(toNode(first.id), 5, 'history', history), 5_000);
    expect(await keptFor(last)).to.deep.equal({ messages: [] });
    expect(((await keptFor(middle)) as { readonly messages: unknown[] }).messages).to.have.lengthOf(1);
  });

  for (const confirm of [false, true])
    it(`of a subscriber is asked once for each publisher that it follows, and again for others: confirm ${confirm}`, async () => {
      const [first, middle, last] = nodes;
      let mayFirst = false;
      const asked: NodeId[] = [];
      const beforeLink = ({ node }: TopicLink) => asked.push(node) > 0 && (node === middle.id || mayFirst);
      const intents = [first, middle].map((node) => pubsubOf(node).publish('news'));
      const diary = new Diary();
      const interest = pubsubOf(last).subscribe('news', { ...diary.options, beforeLink, confirm });
      await ready(world.net, interest, ...intents);
      for (const intent of intents) intent.send(intent.interested);
      await world.net.run(1_000);
      expect(diary.messages.map(({ publisher }) => publisher)).to.deep.equal([middle.id]);
      mayFirst = true;
      await world.net.run(60_000);
      intents[0]?.send('now');
      await world.net.run(1_000);
      expect(diary.values.at(-1)).to.equal('now');
      expect(asked.filter((node) => node === middle.id)).to.have.lengthOf(1);
    });

  it('that throws, or returns no boolean, lets nobody pass, and all of them are told why', async () => {
    const [first, middle] = nodes;
    const answers: unknown[] = ['yes', 1, undefined, Promise.resolve(true)];
    const throwing = () => {
      throw new Error('of the application');
    };
    const vetoes = [throwing, ...answers.map((answer) => () => answer as boolean)];
    for (const [index, beforeLink] of vetoes.entries()) {
      const diary = new Diary();
      const interest = pubsubOf(middle).subscribe(`news/${index}`, { ...diary.options, beforeLink }) as Interest;
      const intent = pubsubOf(first).publish(`news/${index}`) as Intent;
      await ready(world.net, intent, interest);
      intent.send(1);
      await world.net.run(500);
      expect(diary.values).to.deep.equal([]);
      expect(interest.explain()).to.deep.equal(['beforeLink lets no publisher be followed that was found']);
    }
  });

  it('that is no function is refused', () => {
    const codeOf = (work: () => unknown) => {
      try {
        work();
        return 'none';
      } catch (error) {
        return (error as NetworkError).code;
      }
    };
    const options = { beforeLink: true as never };
    expect(codeOf(() => pubsubOf(nodes[0]).publish('a', options))).to.equal('OPTION_INVALID');
    expect(codeOf(() => pubsubOf(nodes[0]).subscribe('a', options))).to.equal('OPTION_INVALID');
  });
});
