/**
 * @module What waits for a consumer, and what happens when it is slow: every message is delivered, or missed by its number.
 */
import { expect } from 'chai';
import type { SubscribeOptions, WhenFull } from '../../../behaviours/pubsub/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { Diary, pubsubOf, ready, World } from './support.js';

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('subscriptions that are full', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.net.stop());

  /** A publisher, a relay and a subscriber that takes nothing by itself. */
  async function slow(whenFull: WhenFull, waitingMax: number, options: SubscribeOptions = {}) {
    const [first, , third] = (await world.line(3)) as [SimulatedNode, SimulatedNode, SimulatedNode];
    const diary = new Diary();
    const interest = pubsubOf(third).subscribe<number>('news', {
      whenFull,
      waitingMax,
      ...diary.losses,
      ...options,
    } as SubscribeOptions<number>);
    const intent = pubsubOf(first).publish<number>('news');
    await ready(world.net, intent, interest);
    const take = async (count: number) => {
      const values: number[] = [];
      const iterator = interest[Symbol.asyncIterator]();
      while (values.length < count) values.push((await iterator.next()).value?.value as number);
      return values;
    };
    return { first, third, diary, interest, intent, take };
  }

  it('drop-oldest keeps the newest, and names the others (DNDM-12, ATM-91)', async () => {
    const { diary, intent, interest, take } = await slow('drop-oldest', 4);
    for (const value of numbers(1, 6)) intent.send(value);
    await world.net.run(100);
    expect(diary.gaps).to.deep.equal(['queue-full 1+1', 'queue-full 2+1']);
    expect(await take(4)).to.deep.equal([3, 4, 5, 6]);
    const [account] = interest.publishers();
    expect([account?.from, account?.to, account?.delivered, account?.missed, account?.waiting]).to.deep.equal([1, 6, 4, 2, 0]);
  });

  it('drop-newest keeps the oldest', async () => {
    const { diary, intent, take } = await slow('drop-newest', 4);
    for (const value of numbers(1, 6)) intent.send(value);
    await world.net.run(100);
    expect(diary.gaps).to.deep.equal(['queue-full 5+1', 'queue-full 6+1']);
    expect(await take(4)).to.deep.equal([1, 2, 3, 4]);
  });

  it('latest keeps one of each publisher', async () => {
    const { diary, intent, interest, take } = await slow('latest', 4);
    for (const value of numbers(1, 6)) intent.send(value);
    await world.net.run(100);
    expect([interest.waitingCount, diary.gaps.length]).to.deep.equal([1, 5]);
    expect(await take(1)).to.deep.equal([6]);
  });

  it('wait holds the publisher back, three hops away, and nothing is missed (USERS 1)', async () => {
    const { diary, intent, interest, take } = await slow('wait', 8);
    let sent = 0;
    while (intent.send(sent + 1).number !== undefined) sent++;
    expect(sent).to.equal(8);
    expect(intent.explain()).to.deep.equal(['1 subscribed, and one that waits has no room']);
    await world.net.run(100);
    expect(interest.waitingCount).to.equal(8);
    expect(await take(4)).to.deep.equal([1, 2, 3, 4]);
    await world.net.waitFor(intent.writable(), 1_000);
    while (intent.send(sent + 1).number !== undefined) sent++;
    expect(sent).to.equal(12);
    await world.net.run(100);
    expect(await take(8)).to.deep.equal(numbers(5, 12));
    expect(diary.gaps).to.deep.equal([]);
  });

  it('who does not wait gets everything while another one holds the publisher back, and no other topic is held (DNDM-12, row 76)', async () => {
    const { first, third, intent } = await slow('wait', 2);
    const [free, other] = [new Diary(), new Diary()];
    const interests = [pubsubOf(third).subscribe('news', free.options), pubsubOf(third).subscribe('weather', other.options)];
    const weather = pubsubOf(first).publish('weather');
    await ready(world.net, weather, ...interests);
    for (const value of numbers(1, 4)) intent.send(value);
    for (const value of numbers(1, 4)) weather.send(value);
    await world.net.run(100);
    expect(free.values).to.deep.equal([1, 2]);
    expect(other.values).to.deep.equal([1, 2, 3, 4]);
  });

  it('a held publisher goes on when the one that waits has left', async () => {
    const { intent, interest } = await slow('wait', 1);
    intent.send(1);
    expect(intent.send(2).number).to.equal(undefined);
    const writable = intent.writable();
    interest.close();
    await world.net.waitFor(writable, 1_000);
    expect(intent.send(2)).to.deep.equal({ number: 2, interested: 0, queued: 0, full: 0 });
  });

  it('waits end with their signal, and with the intent', async () => {
    const { intent } = await slow('wait', 1);
    intent.send(1);
    intent.send(2);
    const controller = new AbortController();
    const waits = [intent.writable({ signal: controller.signal }), intent.writable()];
    const outcomes = Promise.all(
      waits.map((wait) =>
        wait.then(
          () => 'done',
          (error: { code: string }) => error.code,
        ),
      ),
    );
    controller.abort();
    intent.close();
    expect(await outcomes).to.deep.equal(['CALL_CANCELLED', 'NOT_STARTED']);
    const late = await intent.interest().then(
      () => 'done',
      (error: { code: string }) => error.code,
    );
    expect(late).to.equal('NOT_STARTED');
  });

  it('a web stream reads one message at a time, and its cancelling closes the subscription', async () => {
    const { intent, interest } = await slow('drop-oldest', 4);
    for (const value of numbers(1, 3)) intent.send(value);
    await world.net.run(100);
    const reader = interest.readable().getReader();
    expect((await reader.read()).value?.value).to.equal(1);
    expect(interest.waitingCount).to.equal(2);
    await reader.cancel();
    expect(interest.isClosed).to.equal(true);
    await world.net.run(1_000);
    expect(intent.interested).to.equal(0);
  });

  it('for await ends with close, and one that is left early leaves the others (DNDM-08)', async () => {
    const { intent, interest } = await slow('drop-oldest', 4);
    for (const value of numbers(1, 4)) intent.send(value);
    await world.net.run(100);
    for await (const { value } of interest) if (value === 2) break;
    expect(interest.waitingCount).to.equal(2);
    const rest: unknown[] = [];
    const reading = (async () => {
      for await (const { value } of interest) rest.push(value);
    })();
    await world.net.run(10);
    interest.close();
    await reading;
    expect(rest).to.deep.equal([3, 4]);
  });

  it('a callback that throws is logged, and takes nothing from others (DNDM-10)', async () => {
    const values: number[] = [];
    const { intent } = await slow('drop-oldest', 4, {
      onMessage: ({ value }) => {
        values.push(value as number);
        throw new Error('mine');
      },
    });
    for (const value of numbers(1, 3)) intent.send(value);
    await world.net.run(100);
    expect(values).to.deep.equal([1, 2, 3]);
  });

  it('options that are none are refused by name', () => {
    const wrong: readonly [options: object, text: string][] = [
      [{ waitingMax: 0 }, 'waitingMax'],
      [{ waitingMax: 65_536 }, 'waitingMax'],
      [{ whenFull: 'block' }, 'whenFull'],
      [{ scope: 'world' }, 'scope'],
      [{ onMesage: () => {} }, 'onMessage'],
    ];
    return (async () => {
      const [node] = (await world.line(1)) as [SimulatedNode];
      for (const [options, text] of wrong)
        expect(() => pubsubOf(node).subscribe('a', options), text)
          .to.throw(text)
          .with.property('code', 'OPTION_INVALID');
      expect(pubsubOf(node).subscribe('a', { waitingMax: 65_535 }).waitingMax).to.equal(65_535);
    })();
  });
});
