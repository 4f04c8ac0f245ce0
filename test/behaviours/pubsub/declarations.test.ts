/**
 * @module What is declared: how long it holds, who learns of it, where both sides meet, and the answer that each refusal has.
 */
import { expect } from 'chai';
import { topic, topics } from '../../../behaviours/pubsub/index.js';
import type { NetworkError } from '../../../core/index.js';
import { PathVectorRouter } from '../../../routing/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { callsOfDeclarations } from './calls-of-declarations.js';
import { Diary, pubsubOf, ready, World } from './support.js';

describe('declarations', () => {
  it('are repeated before their minute ends, and those of a node that is gone are forgotten after it (DNDM-19, H-37)', async () => {
    const world = new World();
    const nodes = (await world.line(4)) as [SimulatedNode, SimulatedNode, SimulatedNode, SimulatedNode];
    const interest = pubsubOf(nodes[3]).subscribe('news');
    const intent = pubsubOf(nodes[0]).publish('news');
    await ready(world.net, intent, interest);
    const registered = () => nodes.map((node) => pubsubOf(node).registrationCount).reduce((sum, count) => sum + count, 0);
    const before = registered();
    for (let minute = 0; minute < 10; minute++) {
      await world.net.run(60_000);
      expect([registered(), intent.interested]).to.deep.equal([before, 1]);
    }
    await nodes[3].kill();
    await world.net.run(61_000);
    expect(intent.interested).to.equal(0);
    intent.close();
    await world.net.run(61_000);
    const left = nodes.slice(0, 3).map((node) => pubsubOf(node).registrationCount);
    expect(left).to.deep.equal([0, 0, 0]);
    await world.net.stop();
  });

  it('meet at the closest nodes that are known, where the table says that it does not know all', async () => {
    const world = new World();
    const nodes = await world.line(12);
    for (const index of [0, 11]) (nodes[index] as SimulatedNode).useRouter(new PathVectorRouter({ hopsMax: 9 }));
    await world.net.run(20_000);
    const [near, far] = [0, 11].map((index) => (nodes[index] as SimulatedNode).router.closest((nodes[index] as SimulatedNode).id, 99));
    expect([near?.isComplete, near?.nodes.length, far?.isComplete, far?.nodes.length]).to.deep.equal([false, 10, false, 10]);
    // What one side knows and the other one does not are two nodes: one of the three is the same.
    const parts = Array.from({ length: 20 }, (_, index) => {
      const diary = new Diary();
      const [from, to] = index % 2 === 0 ? [0, 5] : [6, 11];
      const interest = pubsubOf(nodes[to] as SimulatedNode).subscribe(`news-${index}`, diary.options);
      return { diary, interest, intent: pubsubOf(nodes[from] as SimulatedNode).publish(`news-${index}`) };
    });
    await ready(world.net, ...parts.flatMap(({ interest, intent }) => [interest, intent]));
    for (const { intent } of parts) intent.send(1);
    await world.net.run(1_000);
    expect(parts.map(({ diary }) => diary.values)).to.deep.equal(parts.map(() => [1]));
    await world.net.stop();
  });

  it('are flooded nowhere: 150 topics among 30 nodes take nine calls each, and one or two for each neighbour', async function () {
    this.timeout(120_000);
    const { calls, callsMax, unfound } = await callsOfDeclarations(30, 150, 3);
    expect([calls <= callsMax, unfound]).to.deep.equal([true, 0]);
  });
});

describe('the answers of topics', () => {
  it('each have a word of their own: closed, no interest, no intent, forbidden, another type, too wide, no path, too many (DNDM-15)', async () => {
    const world = new World(1, { pubsub: { topicsMax: 4 } });
    const [first, second] = (await world.line(2)) as [SimulatedNode, SimulatedNode];
    const codeOf = (work: () => unknown) => {
      try {
        work();
        return 'none';
      } catch (error) {
        return (error as NetworkError).code;
      }
    };
    const intent = pubsubOf(first).publish('news');
    expect(intent.send(1)).to.include({ interested: 0, queued: 0, full: 0 });
    const lonely = pubsubOf(second).subscribe('nothing');
    const other = pubsubOf(second).subscribe(topic('news', { type: 'text' }));
    const banned = pubsubOf(second).subscribe('news/banned');
    const secret = pubsubOf(first).publish('news/banned', { beforeLink: () => false });
    await ready(world.net, intent, secret, lonely, other, banned);
    expect([lonely, other, banned].flatMap((interest) => interest.explain())).to.deep.equal([
      'nobody publishes it',
      'the topic is published with another type: "", not "text"',
      `${first.id.slice(0, 8)} publishes @news/banned: no messages come: it does not let this node have them, or a node on the path`,
    ]);
    expect(codeOf(() => pubsubOf(second).subscribe(topics('*/news')))).to.equal('TOPIC_TOO_WIDE');
    for (const path of ['', 'a@b', 'a#b', '/a']) expect(codeOf(() => topic(path))).to.equal('ARGUMENT_INVALID');
    pubsubOf(second).subscribe('more');
    expect(codeOf(() => pubsubOf(second).subscribe('too many'))).to.equal('LIMIT_EXCEEDED');
    intent.close();
    expect(codeOf(() => intent.send(2))).to.equal('NOT_STARTED');
    await world.net.stop();
    expect(codeOf(() => pubsubOf(second).subscribe('late'))).to.equal('NOT_STARTED');
  });
});
