/**
 * @module Signed topics: what leaves in one turn has one signature, is proven over relays and paths that change, from what the publisher keeps and by
 * confirmed delivery; and which topics are signed.
 */
import { expect } from 'chai';
import type { PubSubHost } from '../../../../behaviours/pubsub/host.js';
import { type Interest, PubSubBehavior, topic, topics } from '../../../../behaviours/pubsub/index.js';
import { HISTORY } from '../../../../behaviours/pubsub/meeting/messages.js';
import {
  type BehaviorAgent,
  type NetworkError,
  type NodeId,
  nodeIdToBytes,
  type RpcAnswer,
  type RpcRequest,
  toNode,
} from '../../../../core/index.js';
import type { SimulatedNode } from '../../../../simulation.js';
import { Diary, pubsubOf, ready, World } from '../support.js';
import { flow, ORDERS, trio } from './support.js';

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const PLAIN = topic<number>('orders');

describe('a signed topic', () => {
  it('is proven behind a relay, with one signature for what leaves together, and at most 64 messages', async () => {
    const made = await trio();
    const { intent, diary } = await flow(made);
    const { counters } = pubsubOf(made.publisher);
    expect(counters.signaturesMade).to.equal(0);
    let next = 1;
    for (const [count, signatures] of [
      [1, 1],
      [64, 1],
      [65, 2],
      [200, 4],
    ] as const) {
      const before = pubsubOf(made.publisher).counters.signaturesMade;
      for (let index = 0; index < count; index++) expect(intent.send(next).number).to.equal(next++);
      await made.world.net.run(200);
      expect(pubsubOf(made.publisher).counters.signaturesMade - before, `${count}`).to.equal(signatures);
    }
    expect(diary.values).to.deep.equal(range(1, next - 1));
    expect(diary.messages.every(({ isProven, publisher }) => isProven && publisher === made.publisher.id)).to.equal(true);
    await made.world.net.stop();
  });

  it('is proven to neighbours and to subscribers of its own node, and a plain one costs no signature', async () => {
    const world = new World();
    const [near, far] = (await world.line(2)) as [SimulatedNode, SimulatedNode];
    const [own, other, plain] = [new Diary(), new Diary(), new Diary()];
    const interests = [
      pubsubOf(near).subscribe(ORDERS, own.options as object),
      pubsubOf(far).subscribe(ORDERS, other.options as object),
      pubsubOf(far).subscribe(PLAIN, plain.options as object),
    ] as unknown as Interest[];
    const [signed, loose] = [pubsubOf(near).publish(ORDERS), pubsubOf(near).publish(PLAIN)];
    await ready(world.net, signed as never, loose as never, ...interests);
    expect(signed.send(1)).to.deep.equal({ number: 1, interested: 2, queued: 2, full: 0 });
    for (let count = 0; count < 100; count++) loose.send(2);
    await world.net.run(1_000);
    expect([own.values, other.values, plain.values.length]).to.deep.equal([[1], [1], 100]);
    expect([...own.messages, ...other.messages].map(({ isProven }) => isProven)).to.deep.equal([true, true]);
    expect(pubsubOf(near).counters.signaturesMade).to.equal(1);
    await world.net.stop();
  });

  it('is another topic than one that is not signed, and both sides say so', async () => {
    const world = new World();
    const [near, far] = (await world.line(2)) as [SimulatedNode, SimulatedNode];
    const [signed, loose] = [new Diary(), new Diary()];
    const strict = pubsubOf(far).subscribe(ORDERS, signed.options as object);
    const intent = pubsubOf(near).publish(PLAIN);
    await ready(world.net, intent as never, strict as never);
    intent.send(1);
    await world.net.run(1_000);
    expect([signed.values, strict.explain()]).to.deep.equal([[], ['the topic is published without signatures']]);
    const lax = pubsubOf(near).subscribe('more', loose.options);
    const proven = pubsubOf(far).publish(topic<number>('more', { signed: true }));
    await ready(world.net, proven as never, lax);
    proven.send(2);
    await world.net.run(1_000);
    expect([loose.values, lax.explain()]).to.deep.equal([[], ['the topic is published with signatures']]);
    await world.net.stop();
  });

  it('is followed by patterns, which know it by its id; signed: true follows no other', async () => {
    const made = await trio();
    const [any, only] = [new Diary(), new Diary()];
    const interests = [
      pubsubOf(made.subscriber).subscribe(topics('orders/**'), any.options as object),
      pubsubOf(made.subscriber).subscribe(topics('orders/**', { signed: true }), only.options as object),
    ] as unknown as Interest[];
    const signed = pubsubOf(made.publisher).publish(ORDERS);
    const loose = pubsubOf(made.publisher).publish(PLAIN);
    await ready(made.world.net, signed as never, loose as never, ...interests);
    loose.send(1);
    signed.send(2);
    await made.world.net.run(1_000);
    expect(any.messages.map(({ value, isProven }) => [value, isProven])).to.have.deep.members([
      [1, false],
      [2, true],
    ]);
    expect(only.values).to.deep.equal([2]);
    await made.world.net.stop();
  });

  it('goes on over another path: what that brings is proven, too', async () => {
    const world = new World();
    const [first, second, third] = (await world.line(3)) as [SimulatedNode, SimulatedNode, SimulatedNode];
    const other = await world.node('other', ['n0', 'n2']);
    await world.net.run(3_000);
    const diary = new Diary();
    const interest = pubsubOf(third).subscribe(ORDERS, diary.options as object);
    const intent = pubsubOf(first).publish(ORDERS);
    await ready(world.net, intent as never, interest as never);
    for (let value = 1; value <= 40; value++) {
      intent.send(value);
      if (value === 20) await (pubsubOf(second).feedCount > 0 ? second : other).kill();
      await world.net.run(7);
    }
    await world.net.run(5_000);
    expect([diary.values, diary.gaps]).to.deep.equal([range(1, 40), []]);
    expect(diary.messages.every(({ isProven }) => isProven)).to.equal(true);
    await world.net.stop();
  });

  it('over a link without room: what is not delivered is missed, number by number', async () => {
    const world = new World(1, { bandwidth: 200_000, limits: { laneBytesMax: 1_048_576 + 65_536 } });
    const [first, , third] = (await world.line(3)) as [SimulatedNode, SimulatedNode, SimulatedNode];
    const diary = new Diary();
    const interest = pubsubOf(third).subscribe(topic<Uint8Array>('load', { signed: true }), diary.options as object);
    const intent = pubsubOf(first).publish(topic<Uint8Array>('load', { signed: true }));
    await ready(world.net, intent as never, interest as never);
    const bytes = new Uint8Array(20_000);
    for (let round = 0; round < 300; round++) intent.send(bytes);
    await world.net.run(120_000);
    intent.send(bytes);
    await world.net.run(120_000);
    const account = interest.publishers()[0];
    expect(account?.missed).to.be.greaterThan(0);
    expect([account?.to, (account?.delivered ?? 0) + (account?.missed ?? 0)]).to.deep.equal([301, 301]);
    expect(new Set(diary.missed.map(({ cause }) => cause))).to.deep.equal(new Set(['link-full']));
    const numbers = diary.messages.map(({ number }) => number);
    expect(numbers).to.deep.equal([...new Set(numbers)].sort((left, right) => left - right));
    await world.net.stop();
  });

  it('is held back by a subscriber that waits, and loses nothing', async () => {
    const made = await trio();
    const interest = pubsubOf(made.subscriber).subscribe(ORDERS, { whenFull: 'wait', waitingMax: 10 });
    const intent = pubsubOf(made.publisher).publish(ORDERS);
    await ready(made.world.net, intent as never, interest as never);
    const values = interest[Symbol.asyncIterator]();
    for (let value = 1; value <= 10; value++) expect(intent.send(value).number).to.equal(value);
    expect(intent.send(11).number).to.equal(undefined);
    await made.world.net.run(50);
    expect(intent.explain()[0]).to.include('has no room');
    for (let next = 11, taken = 1; taken <= 100; ) {
      while (next <= 100 && intent.send(next).number !== undefined) next++;
      await made.world.net.run(50);
      expect((await made.world.net.waitFor(values.next(), 1_000)).value?.value).to.equal(taken++);
    }
    await made.world.net.waitFor(intent.writable(), 1_000);
    await made.world.net.stop();
  });

  it('that ends sends what has not left yet', async () => {
    const made = await trio();
    const { intent, diary } = await flow(made);
    for (const value of [1, 2]) intent.send(value);
    intent.close();
    await made.world.net.run(1_000);
    expect([diary.values, diary.lost.length]).to.deep.equal([[1, 2], 1]);
    await made.world.net.stop();
  });

  it('options that are none are refused', () => {
    for (const make of [() => topic('a', { signed: 1 as never }), () => topics('a', { signed: 'yes' as never })])
      expect(make).to.throw('signed must be true or false').with.property('code', 'ARGUMENT_INVALID');
  });
});

describe('what a publisher of a signed topic keeps', () => {
  it('is proven to those who come later', async () => {
    const made = await trio();
    const intent = pubsubOf(made.publisher).publish(ORDERS, { keep: 5 });
    for (const value of range(1, 8)) intent.send(value);
    await made.world.net.run(70_000);
    const diary = new Diary();
    const interest = pubsubOf(made.subscriber).subscribe(ORDERS, { ...(diary.options as object), history: 100 });
    await ready(made.world.net, intent as never, interest as never);
    await made.world.net.run(1_000);
    expect([diary.values, diary.messages.every(({ isProven }) => isProven)]).to.deep.equal([range(4, 8), true]);
    await made.world.net.stop();
  });

  it('and another node changes on its way is not delivered (row 77)', async () => {
    class Forger extends PubSubBehavior {
      static override readonly behavior = { serviceId: 5, name: 'pubsub' } as const;
      override onRpc(agent: BehaviorAgent, request: RpcRequest, answer: RpcAnswer): boolean {
        if (request.method !== HISTORY) return super.onRpc(agent, request, answer);
        const ok = (value: unknown) => {
          const { messages, proof } = value as { messages: [number, number, Uint8Array][]; proof: Uint8Array };
          answer.ok({ messages: messages.map(([number, form]) => [number, form, Uint8Array.of(9)]), proof });
        };
        return super.onRpc(agent, request, { ...answer, ok, error: (code: string) => answer.error(code) } as RpcAnswer);
      }
    }
    const world = new World();
    const forger = await world.net.createNode({
      ...{ name: 'n0', builtins: ['handshake', 'router-sync', 'rpc'], behaviors: [Forger] },
    });
    await world.net.start(forger);
    const subscriber = await world.node('n1', ['n0']);
    const intent = forger.behavior(Forger).publish(ORDERS, { keep: 5 });
    intent.send(1);
    await world.net.run(3_000);
    const diary = new Diary();
    const interest = pubsubOf(subscriber).subscribe(ORDERS, { ...(diary.options as object), history: 5 });
    await world.net.run(3_000);
    intent.send(2);
    await world.net.run(1_000);
    expect([diary.values, interest.publishers()[0]?.from]).to.deep.equal([[2], 2]);
    await world.net.stop();
  });
});

describe('confirmed delivery of a signed topic', () => {
  it('is proven over a relay, to all and to groups, and settled when it is confirmed', async () => {
    const made = await trio();
    const [all, group] = [new Diary(), new Diary()];
    const interests = [
      pubsubOf(made.subscriber).subscribe(ORDERS, { ...(all.options as object), confirm: true }),
      pubsubOf(made.subscriber).subscribe(ORDERS, { onMessage: (message) => void group.messages.push(message), group: 'workers' }),
    ] as unknown as Interest[];
    const intent = pubsubOf(made.publisher).publish(ORDERS);
    await ready(made.world.net, intent as never, ...interests);
    for (const value of range(1, 100)) intent.send(value);
    await made.world.net.waitFor(intent.settled(), 30_000);
    expect(all.values).to.deep.equal(range(1, 100));
    expect(group.messages.map(({ value }) => value)).to.have.members(range(1, 100));
    expect([...all.messages, ...group.messages].every(({ isProven }) => isProven)).to.equal(true);
    await made.world.net.stop();
  });

  it('what comes without a proof, or with that of something else, is refused (row 77)', async () => {
    const world = new World();
    const [publisher, subscriber] = (await world.line(2)) as [SimulatedNode, SimulatedNode];
    const diary = new Diary();
    const interest = pubsubOf(subscriber).subscribe(ORDERS, { ...(diary.options as object), confirm: true });
    const intent = pubsubOf(publisher).publish(ORDERS);
    await ready(world.net, intent as never, interest as never);
    const { id, feed } = (intent as unknown as { readonly source: { readonly id: NodeId; readonly feed: { readonly epoch: number } } })
      .source;
    const { member } = (interest as unknown as { readonly confirmed: { readonly member: number } }).confirmed;
    const { host } = pubsubOf(publisher) as unknown as { readonly host: PubSubHost };
    const proofOf = (value: number, of: number) =>
      host.act((agent) => host.signatures.sign(agent, { topicId: id, epoch: of }, [{ number: 1, form: 0, content: Uint8Array.of(value) }]));
    const hand = (value: number, epoch: number, proof?: Uint8Array) => {
      const body = {
        topic: nodeIdToBytes(id),
        member,
        epoch,
        attempt: 1,
        messages: [[1, 0, Uint8Array.of(value)]],
        ...(proof && { proof }),
      };
      return world.net.waitFor(
        publisher.call(toNode(subscriber.id), 5, 'hand', body, { timeoutMs: 500 }).then(
          () => 'ok',
          (error: NetworkError) => String(error.details?.['remoteCode'] ?? error.code),
        ),
        5_000,
      );
    };
    const { epoch } = feed;
    const old = proofOf(3, epoch + 1);
    expect(await hand(1, epoch)).to.equal('PUBSUB_UNPROVEN');
    expect(await hand(1, epoch, proofOf(2, epoch))).to.equal('PUBSUB_UNPROVEN');
    expect(await hand(1, epoch, proofOf(1, epoch + 1))).to.equal('PUBSUB_UNPROVEN');
    expect(diary.values).to.deep.equal([]);
    await world.net.run(100);
    expect(await hand(1, epoch, proofOf(1, epoch))).to.equal('ok');
    expect(await hand(1, epoch, proofOf(1, epoch))).to.equal('ok');
    expect(await hand(3, epoch + 1, old), 'a beginning before this one').to.equal('PUBSUB_UNPROVEN');
    expect(diary.values).to.deep.equal([1]);
    await world.net.stop();
  });
});
