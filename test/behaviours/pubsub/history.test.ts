/**
 * @module What a publisher keeps: for subscribers that come later, and for numbers that the path has lost.
 */
import { expect } from 'chai';
import { topic } from '../../../behaviours/pubsub/index.js';
import { History } from '../../../behaviours/pubsub/publish/history.js';
import type { SimulatedNode } from '../../../simulation.js';
import { Diary, pubsubOf, ready, World } from './support.js';

const NEWS = topic<number>('news');
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('history of a topic', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.net.stop());

  it('a late subscriber gets the last messages that are kept, then the others, in order', async () => {
    const [first, , third] = (await world.line(3)) as [SimulatedNode, SimulatedNode, SimulatedNode];
    const intent = pubsubOf(first).publish(NEWS, { keep: 5 });
    await ready(world.net, intent);
    for (const value of range(1, 8)) intent.send(value);
    const [all, some, none] = [new Diary(), new Diary(), new Diary()];
    const interests = [
      pubsubOf(third).subscribe(NEWS, { ...all.options, history: 100 }),
      pubsubOf(third).subscribe(NEWS, { ...some.options, history: 2 }),
      pubsubOf(third).subscribe(NEWS, none.options),
    ];
    await ready(world.net, ...interests);
    await world.net.run(200);
    for (const value of range(9, 12)) intent.send(value);
    await world.net.run(1_000);
    expect([all.values, some.values, none.values]).to.deep.equal([range(4, 12), range(7, 12), range(9, 12)]);
    expect(all.messages.map(({ number }) => number)).to.deep.equal(range(4, 12));
    expect(interests.map((interest) => interest.publishers()[0]?.from)).to.deep.equal([4, 7, 9]);
    expect(all.gaps).to.deep.equal([]);
  });

  it('what a new path cannot bring is asked of the publisher, in order', async () => {
    const [first, second, third] = (await world.line(3)) as [SimulatedNode, SimulatedNode, SimulatedNode];
    const diary = new Diary();
    const interest = pubsubOf(third).subscribe(NEWS, diary.options);
    const intent = pubsubOf(first).publish(NEWS, { keep: 200 });
    await ready(world.net, intent, interest);
    intent.send(1);
    await world.net.run(100);
    await second.kill();
    for (const value of range(2, 150)) intent.send(value);
    await third.connect('sim://n0');
    await world.net.run(5_000);
    intent.send(151);
    await world.net.run(1_000);
    expect(diary.values).to.deep.equal(range(1, 151));
    expect(diary.gaps).to.deep.equal([]);
  });

  it('what is not kept any more is missed by number, with the first cause', async () => {
    const [first, second, third] = (await world.line(3)) as [SimulatedNode, SimulatedNode, SimulatedNode];
    const diary = new Diary();
    const interest = pubsubOf(third).subscribe(NEWS, diary.options);
    const intent = pubsubOf(first).publish(NEWS, { keep: 70 });
    await ready(world.net, intent, interest);
    intent.send(1);
    await world.net.run(100);
    await second.kill();
    for (const value of range(2, 75)) intent.send(value);
    await third.connect('sim://n0');
    await world.net.run(5_000);
    expect(diary.values).to.deep.equal([1, ...range(6, 75)]);
    expect(diary.gaps).to.deep.equal(range(2, 5).map((number) => `rerouted ${number}+1`));
  });

  it('a publisher that ends while it is asked leaves no number without an account', async () => {
    const [first, , third] = (await world.line(3)) as [SimulatedNode, SimulatedNode, SimulatedNode];
    const intent = pubsubOf(first).publish(NEWS, { keep: 5 });
    await ready(world.net, intent);
    for (const value of range(1, 5)) intent.send(value);
    const diary = new Diary();
    const interest = pubsubOf(third).subscribe(NEWS, { ...diary.options, history: 5 });
    await world.net.runUntil(() => interest.publishers()[0]?.from !== undefined, 5_000);
    await first.kill();
    await world.net.run(150_000);
    expect(diary.lost).to.have.lengthOf(1);
    expect(pubsubOf(third).feedCount).to.equal(0);
  });

  it('keeps so many, so many bytes and so long', () => {
    const history = new History(3, 1_000);
    const content = (length: number) => new Uint8Array(length);
    for (const number of [1, 2, 3, 4]) history.add(number, 1, content(1), 0);
    const numbers = (from: number, count: number, bytesMax: number, nowMs: number) =>
      history.take(from, count, bytesMax, nowMs).map((kept) => kept.number);
    expect(numbers(1, 9, 100, 0)).to.deep.equal([2, 3, 4]);
    expect(numbers(3, 1, 100, 0)).to.deep.equal([3]);
    expect(numbers(1, 9, 2, 0)).to.deep.equal([3, 4]);
    expect(numbers(5, 9, 100, 0)).to.deep.equal([]);
    expect(numbers(1, 1, 100, 0)).to.deep.equal([]);
    history.add(5, 1, content(4 * 1_024 * 1_024), 500);
    expect(history.size).to.equal(1);
    expect(numbers(1, 9, Number.POSITIVE_INFINITY, 1_500)).to.deep.equal([5]);
    expect(numbers(1, 9, Number.POSITIVE_INFINITY, 1_501)).to.deep.equal([]);
  });

  it('options that are none are refused', async () => {
    const [node] = (await world.line(1)) as [SimulatedNode];
    for (const options of [{ keep: -1 }, { keep: 65_537 }, { keepMs: 0 }, { keeps: 1 }])
      expect(() => pubsubOf(node).publish(NEWS, options))
        .to.throw()
        .with.property('code', 'OPTION_INVALID');
    expect(() => pubsubOf(node).subscribe(NEWS, { history: 1_025 }))
      .to.throw()
      .with.property('code', 'OPTION_INVALID');
    pubsubOf(node).publish(NEWS, { keep: 65_536, keepMs: 86_400_000 });
    pubsubOf(node).subscribe(NEWS, { history: 1_024 });
  });
});
