/**
 * @module Confirmed delivery in virtual time: every message reaches a subscriber that confirms, or one member of a group, whatever ends in between.
 */
import { expect } from 'chai';
import type { TopicMessage } from '../../../behaviours/pubsub/index.js';
import { type NetworkError, toNode } from '../../../core/index.js';
import { Diary, pubsubOf, ready, World } from './support.js';

const numbersUpTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** A publisher n0, a relay n1, and two members n2 and n3 behind it, by a second relay too. */
async function square() {
  const world = new World(7);
  const n0 = await world.node('n0');
  const n1 = await world.node('n1', ['n0']);
  const other = await world.node('other', ['n0']);
  const n2 = await world.node('n2', ['n1', 'other']);
  const n3 = await world.node('n3', ['n1', 'other']);
  await world.net.run(3_000);
  return { world, net: world.net, n0, n1, other, n2, n3 };
}

describe('subscribers that confirm', () => {
  it('get every message once and in order, though the relay is killed in the midst of it, and the publisher learns that all are there', async () => {
    const { net, n0, n1, n2 } = await square();
    const got: unknown[] = [];
    const interest = pubsubOf(n2).subscribe('jobs', { confirm: true, onMessage: ({ value }) => got.push(value) });
    const intent = pubsubOf(n0).publish('jobs');
    await ready(net, interest, intent);
    expect(intent.interested).to.equal(1);
    for (let value = 1; value <= 200; value++) {
      expect(intent.send(value).number).to.equal(value);
      if (value === 100) net.crash(n1);
      await net.run(5);
    }
    await net.waitFor(intent.settled(), 60_000);
    expect(got).to.deep.equal(numbersUpTo(200));
    expect(pubsubOf(n0).counters).to.include({ messagesConfirmed: 200, messagesUnconfirmed: 0 });
  });

  it('hold the publisher back at unconfirmedMax while their queue is full, and nothing is lost (row 76)', async () => {
    const world = new World(3);
    const { net } = world;
    const [n0, n1] = await world.line(2);
    const interest = pubsubOf(n1 as never).subscribe('jobs', { confirm: true, waitingMax: 5 });
    const intent = pubsubOf(n0 as never).publish('jobs', { unconfirmedMax: 10 });
    await ready(net, interest, intent);
    let sent = 0;
    for (let round = 0; round < 10; round++) {
      while (intent.send(sent + 1).number !== undefined) sent++;
      await net.run(1_000);
    }
    expect(sent).to.be.within(10, 30);
    expect(interest.waitingCount).to.be.at.most(5 + 64);
    const messages = interest[Symbol.asyncIterator]();
    for (let number = 1; number <= sent; number++) {
      const { value } = await net.waitFor(messages.next(), 5_000);
      expect((value as TopicMessage).value).to.equal(number);
    }
    await net.waitFor(intent.writable(), 5_000);
  });

  it('are given up when they are gone for a minute: the publisher goes on, and counts what was not confirmed', async () => {
    const world = new World(3);
    const { net } = world;
    const [n0, n1] = await world.line(2);
    const interest = pubsubOf(n1 as never).subscribe('jobs', { confirm: true, onMessage: () => {} });
    const intent = pubsubOf(n0 as never).publish('jobs');
    await ready(net, interest, intent);
    net.crash(n1 as never);
    expect(intent.send('nobody').number).to.equal(1);
    await net.waitFor(intent.settled(), 90_000);
    expect(pubsubOf(n0 as never).counters).to.include({ messagesConfirmed: 0, messagesUnconfirmed: 1 });
    expect(intent.interested).to.equal(0);
  });

  it('follow a publisher that begins anew, and end with one that ends', async () => {
    const world = new World(3);
    const { net } = world;
    const [n0, n1] = await world.line(2);
    const diary = new Diary();
    const interest = pubsubOf(n1 as never).subscribe('jobs', { confirm: true, ...diary.options });
    const first = pubsubOf(n0 as never).publish('jobs');
    await ready(net, interest, first);
    first.send('a');
    await net.waitFor(first.settled(), 5_000);
    first.close();
    const second = pubsubOf(n0 as never).publish('jobs');
    await net.waitFor(second.interest(), 60_000);
    second.send('b');
    await net.waitFor(second.settled(), 5_000);
    expect(diary.values).to.deep.equal(['a', 'b']);
    second.close();
    await net.run(61_000);
    expect(interest.publishers()).to.deep.equal([]);
    expect(diary.lost.length).to.be.at.least(1);
  });
});

describe('groups', () => {
  it('each message goes to one member, the least busy one; a group and another subscriber each have their own copy', async () => {
    const { net, n0, n2, n3 } = await square();
    const got: unknown[][] = [[], [], []];
    const take = (index: number) => (message: TopicMessage) => {
      got[index]?.push(message.value);
    };
    const members = [n2, n3].map((node, index) => pubsubOf(node).subscribe('jobs', { group: 'workers', onMessage: take(index) }));
    const all = pubsubOf(n3).subscribe('jobs', { confirm: true, onMessage: take(2) });
    const intent = pubsubOf(n0).publish('jobs');
    await ready(net, ...members, all, intent);
    expect(intent.interested).to.equal(3);
    for (let value = 1; value <= 100; value++) expect(intent.send(value).queued).to.equal(2);
    await net.waitFor(intent.settled(), 60_000);
    expect([...(got[0] as number[]), ...(got[1] as number[])].sort((a, b) => a - b)).to.deep.equal(numbersUpTo(100));
    expect(Math.min(got[0]?.length ?? 0, got[1]?.length ?? 0)).to.be.at.least(40);
    expect(got[2]).to.deep.equal(numbersUpTo(100));
  });

  it('a member that dies with a job in work hands it over, with another attempt; no job is lost', async () => {
    const { net, n0, n2, n3 } = await square();
    const done = new Map<unknown, number>();
    const work = (isDeaf: boolean) => (message: TopicMessage) => {
      if (isDeaf) return new Promise(() => {});
      done.set(message.value, message.attempt ?? 0);
      return undefined;
    };
    const deaf = pubsubOf(n2).subscribe('jobs', { group: 'workers', waitingMax: 3, onMessage: work(true) });
    const busy = pubsubOf(n3).subscribe('jobs', { group: 'workers', onMessage: work(false) });
    const intent = pubsubOf(n0).publish('jobs');
    await ready(net, deaf, busy, intent);
    for (let value = 1; value <= 20; value++) intent.send(value);
    await net.run(5_000);
    expect(done.size).to.equal(17);
    net.crash(n2);
    await net.waitFor(intent.settled(), 120_000);
    expect([...done.keys()].sort((a, b) => Number(a) - Number(b))).to.deep.equal(numbersUpTo(20));
    expect([...done.values()].filter((attempt) => attempt > 1)).to.have.lengthOf(3);
  });

  it('a job that its member refuses, keeps too long, or leaves by closing goes on to another one', async () => {
    const { net, n0, n2, n3 } = await square();
    const seen: string[] = [];
    const intent = pubsubOf(n0).publish('jobs');
    const failing = pubsubOf(n2).subscribe('jobs', {
      ...{ group: 'workers', confirmMs: 2_000 },
      onMessage: ({ value }) => {
        seen.push(`n2 ${value}`);
        if (value === 'thrown') throw new Error('as ever');
        return value === 'rejected' ? Promise.reject(new Error('as ever')) : new Promise(() => {});
      },
    });
    await ready(net, failing, intent);
    for (const [index, value] of ['thrown', 'rejected', 'slow'].entries()) {
      intent.send(value);
      await net.run(100);
      const other = pubsubOf(n3).subscribe('jobs', { group: 'workers', onMessage: ({ value: it }) => void seen.push(`n3 ${it}`) });
      await net.waitFor(intent.settled(), 30_000);
      expect(seen.at(-1)).to.equal(`n3 ${value}`);
      other.close();
      await net.run(index === 2 ? 0 : 6_000);
    }
    intent.send('left');
    await net.run(6_000);
    failing.close();
    pubsubOf(n3).subscribe('jobs', { group: 'workers', onMessage: ({ value }) => void seen.push(`n3 ${value}`) });
    await net.waitFor(intent.settled(), 30_000);
    expect(seen.at(-1)).to.equal('n3 left');
  });

  it('for await confirms a message when it asks for the next one, and hands back the one at which it is left', async () => {
    const { net, n0, n2, n3 } = await square();
    const interest = pubsubOf(n2).subscribe<number>('jobs', { group: 'workers' });
    const intent = pubsubOf(n0).publish<number>('jobs');
    await ready(net, interest, intent as never);
    for (const value of [1, 2, 3]) intent.send(value);
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { value } of interest) {
        seen.push(value);
        if (value === 2) throw new Error('as ever');
      }
    })();
    const outcome = await net.waitFor(
      reading.catch((error: Error) => error.message),
      5_000,
    );
    expect([outcome, seen, pubsubOf(n0).counters.messagesConfirmed]).to.deep.equal(['as ever', [1, 2], 1]);
    interest.close();
    const rest: unknown[] = [];
    pubsubOf(n3).subscribe('jobs', { group: 'workers', onMessage: ({ value }) => rest.push(value) });
    await net.waitFor(intent.settled(), 30_000);
    expect(rest).to.deep.equal([2, 3]);
  });

  it('options that do not go together are refused by name', async () => {
    const { n2 } = await square();
    const codeOf = (options: object) => {
      try {
        return pubsubOf(n2).subscribe('jobs', options).close();
      } catch (error) {
        return (error as NetworkError).code;
      }
    };
    const wrong = [{ confirm: true, whenFull: 'wait' }, { group: 'a', history: 1 }, { group: '' }, { group: 'a', waitingMax: 129 }];
    for (const options of [...wrong, { confirm: 1 }, { group: 'x'.repeat(65) }, { group: 'a', confirmMs: 0 }])
      expect(codeOf(options), JSON.stringify(options)).to.equal('OPTION_INVALID');
    for (const options of [{ group: 'a', waitingMax: 128 }, { group: 'x'.repeat(64) }, { confirm: true, waitingMax: 65_535 }])
      expect(codeOf(options), JSON.stringify(options)).to.equal(undefined);
  });
});

describe('calls of confirmed delivery', () => {
  it('that are malformed, of nobody, or for what is not published are refused and do nothing (row 85)', async () => {
    const world = new World(3);
    const { net } = world;
    const [n0, n1] = await world.line(2);
    const [publisher, stranger] = [n0 as never, n1 as never];
    pubsubOf(publisher).publish('jobs');
    const id = new Uint8Array(32);
    const call = async (method: string, value: unknown) => {
      const answer = (stranger as { call: (...args: unknown[]) => Promise<unknown> }).call(
        toNode((publisher as { id: never }).id),
        5,
        method,
        value,
      );
      return net.waitFor(
        answer.then(
          () => 'ok',
          (error: NetworkError) => error.details?.remoteCode ?? error.code,
        ),
        20_000,
      );
    };
    const join = { topic: id, member: 1, group: '', window: 1, confirmMs: 1_000 };
    for (const value of [
      undefined,
      {},
      { ...join, window: 0 },
      { ...join, window: 129 },
      { ...join, group: 'x'.repeat(65) },
      { ...join, topic: 'a' },
    ])
      expect(await call('join', value)).to.equal('PUBSUB_MALFORMED');
    expect(await call('join', join)).to.equal('PUBSUB_NO_TOPIC');
    const hand = { topic: id, member: 1, epoch: 1, attempt: 1, messages: [[1, 1, id]] };
    for (const value of [
      { ...hand, messages: [[0, 1, id]] },
      { ...hand, attempt: 0 },
      { ...hand, messages: new Array(65).fill([1, 1, id]) },
    ])
      expect(await call('hand', value)).to.equal('PUBSUB_MALFORMED');
    expect(await call('hand', hand)).to.equal('PUBSUB_NO_MEMBER');
    expect([await call('part', { topic: id }), await call('part', { topic: id, member: 1 })]).to.deep.equal(['PUBSUB_MALFORMED', 'ok']);
  });
});
