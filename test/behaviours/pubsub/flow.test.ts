/**
 * @module Publish and subscribe in virtual time: over two, three and ten nodes, before and after anything is connected, by topic and by pattern.
 */
import { expect } from 'chai';
import { topic, topics } from '../../../behaviours/pubsub/index.js';
import type { NetworkError } from '../../../core/index.js';
import { DirectRouter } from '../../../routing/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { Diary, pubsubOf, ready, World } from './support.js';

const READING = topic<{ celsius: number }>('home/kitchen', { type: 'reading' });
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: NetworkError) => error.code,
  );

describe('pubsub', () => {
  let world: World;
  afterEach(() => world.net.stop());

  for (const count of [2, 3, 10]) {
    it(`delivers from the first message after ready, over ${count} nodes (USERS 23)`, async () => {
      world = new World(count);
      const nodes = await world.line(count);
      const diaries = nodes.map(() => new Diary());
      const interests = nodes.map((node, index) => pubsubOf(node).subscribe(READING, diaries[index]?.options));
      const intent = pubsubOf(nodes[0] as SimulatedNode).publish(READING);
      await ready(world.net, intent, ...interests);
      for (let celsius = 0; celsius < 5; celsius++) intent.send({ celsius });
      await world.net.run(1_000);
      const expected = [0, 1, 2, 3, 4].map((celsius) => ({ celsius }));
      for (const diary of diaries) expect(diary.values).to.deep.equal(expected);
      expect(intent.send({ celsius: 9 })).to.deep.equal({ number: 6, interested: count, queued: 2, full: 0 });
    });
  }

  it('the type of messages follows from the topic', async () => {
    world = new World();
    const [node] = (await world.line(1)) as [SimulatedNode];
    const temperatures: string[] = [];
    const interest = pubsubOf(node).subscribe(READING, { onMessage: ({ value }) => temperatures.push(value.celsius.toFixed(1)) });
    const intent = pubsubOf(node).publish(READING);
    await ready(world.net, intent, interest);
    intent.send({ celsius: 20 });
    // @ts-expect-error a reading has no fahrenheit
    expect(() => intent.send({ celsius: 21, fahrenheit: () => 70 }))
      .to.throw()
      .with.property('code', 'CODEC_UNENCODABLE');
    expect(temperatures).to.deep.equal(['20.0']);
  });

  it('names publisher, number and topic, and what is proven: behind a relay it is a claim (ATM-84, row 77)', async () => {
    world = new World();
    const [first, second, third] = (await world.line(3)) as [SimulatedNode, SimulatedNode, SimulatedNode];
    const diaries = [first, second, third].map(() => new Diary());
    const interests = [first, second, third].map((node, index) => pubsubOf(node).subscribe(READING, diaries[index]?.options));
    const intent = pubsubOf(first).publish(READING);
    await ready(world.net, intent, ...interests);
    intent.send({ celsius: 21 });
    await world.net.run(100);
    expect(diaries.map(({ messages }) => messages[0]?.isProven)).to.deep.equal([true, true, false]);
    const { topic: name, publisher, number } = diaries[2]?.messages[0] ?? {};
    expect({ name, publisher, number }).to.deep.equal({ name: { path: 'home/kitchen', type: 'reading' }, publisher: first.id, number: 1 });
  });

  it('sends one copy over each link, whatever the number of subscribers behind it (ATM-86)', async () => {
    world = new World();
    const nodes = await world.line(4);
    const intent = pubsubOf(nodes[0] as SimulatedNode).publish(READING);
    const interests = nodes.flatMap((node) => [pubsubOf(node).subscribe(READING), pubsubOf(node).subscribe(READING)]);
    await ready(world.net, intent, ...interests);
    for (let message = 0; message < 10; message++) intent.send({ celsius: message });
    await world.net.run(1_000);
    expect(nodes.map((node) => pubsubOf(node).counters.messagesForwarded)).to.deep.equal([10, 10, 10, 0]);
    expect(interests.map(({ waitingCount }) => waitingCount)).to.deep.equal(interests.map(() => 10));
  });

  it('nothing flows without interest, and the publisher learns of it (DNDM-06, DNDM-07)', async () => {
    world = new World();
    const [first, second] = (await world.line(2)) as [SimulatedNode, SimulatedNode];
    const intent = pubsubOf(first).publish(READING);
    const counts: number[] = [];
    intent.onInterest((count) => counts.push(count));
    await ready(world.net, intent);
    expect(intent.send({ celsius: 1 })).to.deep.equal({ number: 1, interested: 0, queued: 0, full: 0 });
    expect(intent.explain()).to.deep.equal(['nobody subscribes to it']);
    const interest = pubsubOf(second).subscribe(READING);
    await world.net.waitFor(intent.interest(), 1_000);
    interest.close();
    await world.net.run(100);
    expect(counts).to.deep.equal([1, 0]);
    expect(pubsubOf(second).counters.messagesDelivered).to.equal(0);
  });

  it('what was declared before any connection flows as soon as there is one (S3, H-35, DNDM-13)', async () => {
    world = new World();
    const first = await world.node('n0');
    const second = await world.node('n1');
    const diary = new Diary();
    const interest = pubsubOf(second).subscribe(READING, diary.options);
    const intent = pubsubOf(first).publish(READING);
    await ready(world.net, intent, interest);
    await second.connect('sim://n0');
    await world.net.waitFor(intent.interest(), 5_000);
    intent.send({ celsius: 3 });
    await world.net.run(100);
    expect(diary.values).to.deep.equal([{ celsius: 3 }]);
  });

  it('a new node is found and finds, also when others had found each other long before (ATM-85)', async () => {
    world = new World();
    const nodes = await world.line(3);
    const intent = pubsubOf(nodes[0] as SimulatedNode).publish(READING);
    await ready(world.net, intent);
    await world.net.run(120_000);
    const late = await world.node('late', ['n2']);
    const diary = new Diary();
    const interest = pubsubOf(late).subscribe(READING, diary.options);
    await world.net.waitFor(intent.interest(), 10_000);
    await ready(world.net, interest);
    intent.send({ celsius: 4 });
    await world.net.run(100);
    expect(diary.values).to.deep.equal([{ celsius: 4 }]);
  });

  it('patterns match by segments, any type unless they name one, and topics that come later (DNDM-05)', async () => {
    world = new World();
    const [first, , third] = (await world.line(3)) as [SimulatedNode, SimulatedNode, SimulatedNode];
    const [all, kitchen] = [new Diary(), new Diary()];
    const interests = [
      pubsubOf(third).subscribe('home/**', all.options),
      pubsubOf(third).subscribe(topics('home/*/temperature', { type: 'reading' }), kitchen.options),
    ];
    await ready(world.net, ...interests);
    const send = async (path: string, type: string) => {
      const intent = pubsubOf(first).publish(topic(path, { type }));
      await ready(world.net, intent);
      intent.send(`${type}@${path}`);
    };
    await send('home/kitchen/temperature', 'reading');
    await send('home/kitchen/temperature', 'text');
    await send('home', '');
    await send('homes/kitchen/temperature', 'reading');
    await world.net.run(1_000);
    expect(all.values).to.deep.equal(['reading@home/kitchen/temperature', 'text@home/kitchen/temperature', '@home']);
    expect(kitchen.values).to.deep.equal(['reading@home/kitchen/temperature']);
  });

  it('a pattern needs a literal first segment, but among neighbours', async () => {
    world = new World();
    const [first, second, third] = (await world.line(3)) as [SimulatedNode, SimulatedNode, SimulatedNode];
    expect(() => pubsubOf(second).subscribe('*/kitchen'))
      .to.throw('the first segment')
      .with.property('code', 'TOPIC_TOO_WIDE');
    const [near, far] = [new Diary(), new Diary()];
    const interests = [
      pubsubOf(second).subscribe('*/kitchen', { ...near.options, scope: 'neighbours' }),
      pubsubOf(third).subscribe('*/kitchen', { ...far.options, scope: 'neighbours' }),
    ];
    const intent = pubsubOf(first).publish('home/kitchen', { scope: 'neighbours' });
    await ready(world.net, intent, ...interests);
    await world.net.waitFor(intent.interest(), 1_000);
    intent.send(1);
    await world.net.run(1_000);
    expect([near.values, far.values]).to.deep.equal([[1], []]);
  });

  it('hidden topics are found by those who have the key, and by no pattern (DNDM-04)', async () => {
    world = new World();
    const [first, , third] = (await world.line(3)) as [SimulatedNode, SimulatedNode, SimulatedNode];
    const key = new Uint8Array(32).fill(1);
    const [right, wrong, wide] = [new Diary(), new Diary(), new Diary()];
    const interests = [
      pubsubOf(third).subscribe(topic('plans/a', { hiddenBy: key }), right.options),
      pubsubOf(third).subscribe(topic('plans/a', { hiddenBy: new Uint8Array(32) }), wrong.options),
      pubsubOf(third).subscribe('plans/**', wide.options),
    ];
    const intent = pubsubOf(first).publish(topic('plans/a', { hiddenBy: key }));
    await ready(world.net, intent, ...interests);
    intent.send('x');
    await world.net.run(1_000);
    expect([right.values, wrong.values, wide.values]).to.deep.equal([['x'], [], []]);
    expect(right.messages[0]?.topic.path).to.equal('plans/a');
  });

  it('explains why nothing comes: nobody publishes, another type, no meeting place', async () => {
    world = new World();
    const [first, , third] = (await world.line(3)) as [SimulatedNode, SimulatedNode, SimulatedNode];
    const interest = pubsubOf(third).subscribe(topic('home/kitchen', { type: 'text' }));
    expect(interest.explain()).to.deep.equal(['publishers are looked for']);
    await ready(world.net, interest);
    expect(interest.explain()).to.deep.equal(['nobody publishes it']);
    await ready(world.net, pubsubOf(first).publish(READING));
    expect(interest.explain()).to.deep.equal(['the topic is published with another type: "reading", not "text"']);
  });

  it('without a table that knows nodes ready rejects with PLACEMENT_ABSENT, and neighbours find each other', async () => {
    world = new World(1, { router: DirectRouter });
    const [first, second] = (await world.line(2)) as [SimulatedNode, SimulatedNode];
    const diary = new Diary();
    const interest = pubsubOf(second).subscribe(READING, diary.options);
    expect(await codeOf(world.net.waitFor(interest.ready, 5_000))).to.equal('PLACEMENT_ABSENT');
    const intent = pubsubOf(first).publish(READING);
    await world.net.waitFor(intent.interest(), 5_000);
    intent.send({ celsius: 1 });
    await world.net.run(100);
    expect(diary.values).to.deep.equal([{ celsius: 1 }]);
  });

  it('a neighbour without pubsub is asked once, and then with the others every 20 s', async () => {
    world = new World(1, { router: DirectRouter });
    const plain = await world.net.createNode({ name: 'plain', builtins: ['handshake', 'rpc'] });
    await world.net.start(plain);
    const node = await world.node('n0', ['plain']);
    await world.net.run(2_000);
    const calls = () => Number(node.metrics()['rpc_calls_started_total']);
    const interest = pubsubOf(node).subscribe('news', { scope: 'neighbours' });
    await ready(world.net, interest);
    const before = calls();
    await world.net.run(19_000);
    expect(calls() - before).to.equal(0);
    await world.net.run(42_000);
    expect(calls() - before).to.be.within(2, 3);
  });

  it('a thousand topics of as many first segments are ready, with three calls for each side of a topic and no flood', async () => {
    world = new World();
    const nodes = (await world.line(4)) as [SimulatedNode, SimulatedNode, SimulatedNode, SimulatedNode];
    const calls = () => nodes.reduce((sum, node) => sum + Number(node.metrics()['rpc_calls_started_total']), 0);
    const before = calls();
    const paths = Array.from({ length: 1_000 }, (_, index) => `segment-${index}`);
    const interests = paths.map((path) => pubsubOf(nodes[3]).subscribe(path));
    const intents = paths.map((path) => pubsubOf(nodes[0]).publish(path));
    await ready(world.net, ...intents, ...interests);
    expect(intents.every(({ interested }) => interested === 1)).to.equal(true);
    // Registrations of both sides at three nodes, and an offer from each of these.
    expect(calls() - before).to.be.at.most(1_000 * (3 + 3 + 3) + 10);
  });

  it('several intents of one topic share its numbers, and the last one ends it (DNDM-09, DNDM-11)', async () => {
    world = new World();
    const [first, second] = (await world.line(2)) as [SimulatedNode, SimulatedNode];
    const diary = new Diary();
    const interest = pubsubOf(second).subscribe(READING, diary.options);
    const [one, other] = [pubsubOf(first).publish(READING), pubsubOf(first).publish(READING)];
    await ready(world.net, one, other, interest);
    one.send({ celsius: 1 });
    other.send({ celsius: 2 });
    one.close();
    other.send({ celsius: 3 });
    await world.net.run(100);
    expect(diary.messages.map(({ number }) => number)).to.deep.equal([1, 2, 3]);
    expect(diary.lost).to.deep.equal([]);
    other.close();
    await world.net.run(100);
    expect(diary.lost).to.deep.equal([{ topic: { path: 'home/kitchen', type: 'reading' }, publisher: first.id, lastDelivered: 3 }]);
    expect(() => other.send({ celsius: 4 }))
      .to.throw()
      .with.property('code', 'NOT_STARTED');
  });

  it('a publisher that begins anew is a new account, from its first message', async () => {
    world = new World();
    const [first, , third] = (await world.line(3)) as [SimulatedNode, SimulatedNode, SimulatedNode];
    const diary = new Diary();
    const interest = pubsubOf(third).subscribe(READING, diary.options);
    const one = pubsubOf(first).publish(READING);
    await ready(world.net, one, interest);
    one.send({ celsius: 1 });
    one.close();
    await world.net.run(100);
    const other = pubsubOf(first).publish(READING);
    await ready(world.net, other);
    other.send({ celsius: 2 });
    await world.net.run(100);
    expect(diary.messages.map(({ number, value }) => [number, value])).to.deep.equal([
      [1, { celsius: 1 }],
      [1, { celsius: 2 }],
    ]);
    expect([diary.lost.length, diary.gaps]).to.deep.equal([1, []]);
  });

  it('a topic that a node closes and publishes again reaches its own subscribers as well', async () => {
    world = new World();
    const node = await world.node('n0');
    const diary = new Diary();
    const interest = pubsubOf(node).subscribe(READING, diary.options);
    for (const celsius of [1, 2, 3]) {
      const intent = pubsubOf(node).publish(READING);
      await ready(world.net, intent, interest);
      expect([intent.send({ celsius }).queued, interest.publishers().length]).to.deep.equal([1, 1]);
      intent.close();
      await world.net.run(10);
    }
    expect(diary.values).to.deep.equal([{ celsius: 1 }, { celsius: 2 }, { celsius: 3 }]);
    expect([diary.lost.length, pubsubOf(node).feedCount]).to.deep.equal([3, 0]);
  });

  it('a relay that ends is passed over: what was published meanwhile comes over the new path (ATM-92)', async () => {
    world = new World();
    const [first, second, third] = (await world.line(3)) as [SimulatedNode, SimulatedNode, SimulatedNode];
    const diary = new Diary();
    const interest = pubsubOf(third).subscribe(READING, diary.options);
    const intent = pubsubOf(first).publish(READING);
    await ready(world.net, intent, interest);
    intent.send({ celsius: 1 });
    await world.net.run(100);
    await second.kill();
    intent.send({ celsius: 2 });
    await world.net.run(100);
    intent.send({ celsius: 3 });
    expect(interest.explain()[0]).to.include('there is no path to it');
    await third.connect('sim://n0');
    await world.net.run(5_000);
    expect(diary.messages.map(({ number }) => number)).to.deep.equal([1, 2, 3]);
    expect([diary.gaps, diary.lost]).to.deep.equal([[], []]);
    expect(interest.explain()[0]).to.include('its messages come here');
  });

  it('what a new path cannot bring any more is missed by number: more than 64 messages, with the cause', async () => {
    world = new World();
    const [first, second, third] = (await world.line(3)) as [SimulatedNode, SimulatedNode, SimulatedNode];
    const diary = new Diary();
    const interest = pubsubOf(third).subscribe(READING, diary.options);
    const intent = pubsubOf(first).publish(READING);
    await ready(world.net, intent, interest);
    intent.send({ celsius: 1 });
    await world.net.run(100);
    await second.kill();
    for (let celsius = 2; celsius <= 71; celsius++) intent.send({ celsius });
    await third.connect('sim://n0');
    await world.net.run(5_000);
    expect(diary.gaps).to.deep.equal(['rerouted 2+6']);
    expect(diary.missed[0]?.where).to.equal(third.id);
    expect(diary.values).to.have.lengthOf(1 + 64);
  });

  it('nothing is left when all is closed: no feed anywhere, and no registration (ATM-88)', async () => {
    world = new World();
    const nodes = await world.line(4);
    const parts = nodes.map((node) => [pubsubOf(node).publish(READING), pubsubOf(node).subscribe(READING)] as const);
    await ready(world.net, ...parts.flat());
    const left = () => nodes.map((node) => [pubsubOf(node).feedCount, pubsubOf(node).registrationCount]);
    expect(left().every(([feeds = 0]) => feeds === 4)).to.equal(true);
    for (const part of parts.flat()) part.close();
    await world.net.run(2_000);
    expect(left()).to.deep.equal(nodes.map(() => [0, 0]));
  });
});
