/**
 * @module Confirmed delivery beside a member that does not keep to it: what a publisher may fill at a subscriber, and a subscriber at a publisher, is
 * bounded, and others go on.
 */
import { expect } from 'chai';
import type { Intent, Interest, TopicMessage } from '../../../behaviours/pubsub/index.js';
import { type NetworkError, type NodeId, nodeIdToBytes, toNode } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { pubsubOf, ready, World } from './support.js';

const PUBSUB = 5;

async function pair() {
  const world = new World(3);
  const [publisher, subscriber] = (await world.line(2)) as [SimulatedNode, SimulatedNode];
  return { net: world.net, publisher, subscriber };
}

/** What both sides say in their calls; nobody else needs to know it. */
function namesOf(intent: Intent, interest: Interest) {
  const { source } = intent as unknown as { readonly source: { readonly id: NodeId } };
  const { confirmed } = interest as unknown as { readonly confirmed: { readonly member: number } };
  return { topic: nodeIdToBytes(source.id), member: confirmed.member };
}

async function flood(options: object, hand: (round: number) => object) {
  const { net, publisher, subscriber } = await pair();
  const interest = pubsubOf(subscriber).subscribe('jobs', options);
  const intent = pubsubOf(publisher).publish('jobs');
  await ready(net, interest, intent);
  const names = namesOf(intent, interest);
  const codes: string[] = [];
  for (let round = 0; round < 100; round++) {
    const call = publisher.call(toNode(subscriber.id), PUBSUB, 'hand', { ...names, attempt: 1, ...hand(round) }, { timeoutMs: 50 });
    call.catch((error: NetworkError) => codes.push(String(error.details?.['remoteCode'] ?? error.code)));
    await net.run(100);
  }
  return { net, interest, codes };
}

const CONTENT = new Uint8Array(10);
const messagesOf = (round: number, count: number) =>
  Array.from({ length: count }, (_, index) => [round * count + index + 1, 1, CONTENT] as const);

describe('a publisher that hands out more than was agreed', () => {
  it('fills no queue of a subscriber that gets everything: its next messages are refused while there is no room (rows 76, 85)', async () => {
    const { net, interest, codes } = await flood({ confirm: true, waitingMax: 5 }, (round) => ({
      epoch: 7,
      messages: messagesOf(round, 64),
    }));
    expect(interest.waitingCount).to.be.at.most(5 + 64);
    expect(codes).to.include('PUBSUB_REFUSED');
    const messages = interest[Symbol.asyncIterator]();
    for (let number = 1; number <= 64; number++) expect(((await messages.next()).value as TopicMessage).number).to.equal(number);
    await net.stop();
  });

  it('fills none of a member of a group, not even when it begins anew each time (rows 76, 85)', async () => {
    const { net, interest, codes } = await flood({ group: 'workers', waitingMax: 3 }, (round) => ({
      epoch: round >> 1,
      messages: messagesOf(round, 1),
    }));
    expect(interest.waitingCount).to.equal(3);
    expect(codes.filter((code) => code === 'PUBSUB_REFUSED').length).to.be.at.least(90);
    await net.stop();
  });
});

describe('a member of a group', () => {
  it('whose publisher has begun anew confirms the message of before, and not the one that has its number now', async () => {
    const { net, publisher, subscriber } = await pair();
    const interest = pubsubOf(subscriber).subscribe('jobs', { group: 'workers', waitingMax: 2 });
    const intent = pubsubOf(publisher).publish('jobs');
    await ready(net, interest, intent);
    const names = namesOf(intent, interest);
    const results: string[] = [];
    const hand = (epoch: number) =>
      publisher
        .call(toNode(subscriber.id), PUBSUB, 'hand', { ...names, attempt: 1, epoch, messages: messagesOf(0, 1) }, { timeoutMs: 5_000 })
        .then(
          () => results.push(`${epoch} ok`),
          () => results.push(`${epoch} failed`),
        );
    const messages = interest[Symbol.asyncIterator]();
    void hand(1);
    const first = (await net.waitFor(messages.next(), 1_000)).value as TopicMessage;
    void hand(2);
    await net.run(100);
    first.confirm?.();
    await net.run(1_000);
    expect(results).to.deep.equal([]);
    const second = (await net.waitFor(messages.next(), 1_000)).value as TopicMessage;
    second.confirm?.();
    await net.run(100);
    expect(results).to.deep.equal(['2 ok']);
    await net.stop();
  });

  it('that is gone has had no attempt at what could not be handed to it', async () => {
    const world = new World(5);
    const { net } = world;
    const publisher = await world.node('publisher');
    const dead = await world.node('dead', ['publisher']);
    const alive = await world.node('alive', ['publisher']);
    await net.run(2_000);
    const attempts: (number | undefined)[] = [];
    const one = pubsubOf(dead).subscribe('jobs', { group: 'workers' });
    const other = pubsubOf(alive).subscribe('jobs', { group: 'workers' });
    const intent = pubsubOf(publisher).publish('jobs');
    await ready(net, one, other, intent);
    for (let job = 1; job <= 30; job++) intent.send(job);
    await net.run(50);
    net.crash(dead);
    const messages = other[Symbol.asyncIterator]();
    for (let job = 1; job <= 30; job++) {
      attempts.push(((await net.waitFor(messages.next(), 20_000)).value as TopicMessage).attempt);
      await net.run(1_000);
    }
    other.close();
    expect(attempts.filter((attempt) => attempt !== 1)).to.deep.equal([2]);
    await net.stop();
  });
});

describe('a subscriber that joins again and again', () => {
  it('gets 64 places of a topic, and others get theirs (rows 76, 85)', async () => {
    const { net, publisher, subscriber } = await pair();
    const intent = pubsubOf(publisher).publish('jobs');
    await net.waitFor(intent.ready, 5_000);
    const topic = namesOf(intent, { confirmed: { member: 0 } } as never).topic;
    const join = (from: SimulatedNode, member: number) =>
      from.call(toNode(publisher.id), PUBSUB, 'join', { topic, member, group: `g${member % 5}`, window: 1, confirmMs: 1_000 }).then(
        () => 'ok',
        (error: NetworkError) => String(error.details?.['remoteCode'] ?? error.code),
      );
    for (let member = 1; member <= 64; member++) expect(await net.waitFor(join(subscriber, member), 1_000)).to.equal('ok');
    expect(await net.waitFor(join(subscriber, 65), 1_000)).to.equal('LIMIT_EXCEEDED');
    expect(await net.waitFor(join(subscriber, 64), 1_000)).to.equal('ok');
    expect(await net.waitFor(join(publisher, 1), 1_000)).to.equal('ok');
    await net.stop();
  });
});
