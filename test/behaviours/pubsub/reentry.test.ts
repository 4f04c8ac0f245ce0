/** @module Tests of topics whose subscribers publish while they are given a message: numbers, order and content stay right (DNDM-03). */
import { expect } from 'chai';
import type { Sent } from '../../../behaviours/pubsub/index.js';
import { pubsubOf, World } from './support.js';

describe('a subscriber that publishes within its callback', () => {
  it('to the same topic: each message has its own number, and everybody gets them in order and whole', async () => {
    const world = new World();
    const [alice, bob] = await world.line(2);
    if (alice === undefined || bob === undefined) throw new Error('no nodes');
    const intent = pubsubOf(alice).publish<string>('chain', { keep: 10 });
    const sent: Sent[] = [];
    const got: Record<string, string[]> = { first: [], second: [], remote: [], late: [] };
    const note = (name: string, value: string, number: number) => got[name]?.push(`${number} ${value}`);
    const first = pubsubOf(alice).subscribe<string>('chain', {
      onMessage: ({ value, number }) => {
        note('first', value, number);
        if (number < 3) sent.push(intent.send(`${value}, and more`));
      },
    });
    const second = pubsubOf(alice).subscribe<string>('chain', { onMessage: ({ value, number }) => note('second', value, number) });
    const remote = pubsubOf(bob).subscribe<string>('chain', { onMessage: ({ value, number }) => note('remote', value, number) });
    await Promise.all([first.ready, second.ready, remote.ready, world.net.run(5_000)]);
    sent.push(intent.send('one'));
    await world.net.run(1_000);
    const all = ['1 one', '2 one, and more', '3 one, and more, and more'];
    expect(got).to.deep.equal({ first: all, second: all, remote: all, late: [] });
    expect(sent.map(({ number, queued }) => [number, queued]).sort()).to.deep.equal([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    const late = pubsubOf(bob).subscribe<string>('chain', { history: 3, onMessage: ({ value, number }) => note('late', value, number) });
    await Promise.all([late.ready, world.net.run(5_000)]);
    expect(got['late']).to.deep.equal(all);
    await world.net.stop();
  });

  it('to another topic: what the first send returns is of the first', async () => {
    const world = new World();
    const [alice, bob] = await world.line(2);
    if (alice === undefined || bob === undefined) throw new Error('no nodes');
    const [wanted, unwanted] = [pubsubOf(alice).publish<string>('wanted'), pubsubOf(alice).publish<string>('unwanted')];
    const local = pubsubOf(alice).subscribe<string>('wanted', { onMessage: () => void unwanted.send('x') });
    const remote = pubsubOf(bob).subscribe<string>('wanted');
    await Promise.all([local.ready, remote.ready, world.net.run(5_000)]);
    expect(wanted.send('one')).to.deep.include({ number: 1, queued: 2, full: 0 });
    await world.net.stop();
  });

  it('without end: it is held back, and goes on when there is room', async () => {
    const world = new World();
    const alice = await world.node('alice');
    const intent = pubsubOf(alice).publish<number>('flood');
    const got: number[] = [];
    let refused = 0;
    const interest = pubsubOf(alice).subscribe<number>('flood', {
      onMessage: ({ value, number }) => {
        got.push(number);
        if (value === 0) for (let count = 1; count <= 1_025; count++) if (intent.send(count).number === undefined) refused++;
      },
    });
    await Promise.all([interest.ready, world.net.run(5_000)]);
    intent.send(0);
    expect([got.length, refused]).to.deep.equal([1, 1]);
    const writable = intent.writable();
    await world.net.run(100);
    await writable;
    expect(intent.send(2_000).number).to.equal(1_026);
    expect(got).to.deep.equal(Array.from({ length: 1_026 }, (_, index) => index + 1));
    await world.net.stop();
  });

  it('and closes the topic: the others get all of it before its end', async () => {
    const world = new World();
    const alice = await world.node('alice');
    const intent = pubsubOf(alice).publish<string>('last');
    const got: string[] = [];
    const first = pubsubOf(alice).subscribe<string>('last', {
      onMessage: ({ value }) => {
        if (value !== 'one') return;
        intent.send('two');
        intent.close();
      },
    });
    const second = pubsubOf(alice).subscribe<string>('last', {
      onMessage: ({ value }) => void got.push(value),
      onLostSight: ({ lastDelivered }) => void got.push(`the end after ${lastDelivered}`),
    });
    await Promise.all([first.ready, second.ready, world.net.run(5_000)]);
    intent.send('one');
    await world.net.run(100);
    expect(got).to.deep.equal(['one', 'two', 'the end after 2']);
    await world.net.stop();
  });
});
