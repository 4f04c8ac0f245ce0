/**
 * @module SECURITY row 77 at signed topics: whatever a relay forges, changes, repeats, keeps back or takes from elsewhere, nothing of it is delivered, and what
 * is not delivered is missed by its number, with a cause.
 */
import { expect } from 'chai';
import { topic } from '../../../../behaviours/pubsub/index.js';
import * as wire from '../../../../behaviours/pubsub/messages.js';
import { listBytes, signedBytes } from '../../../../behaviours/pubsub/signed/list.js';
import { type NodeId, nodeIdToBytes } from '../../../../core/index.js';
import { NodeSigner } from '../../../../core/security/signer.js';
import { simulatedCrypto } from '../../../../simulation.js';
import { seededIdentity } from '../../../../testing/seeded.js';
import { pubsubOf } from '../support.js';
import { altered, type Body, flow, ORDERS, type Trio, trio } from './support.js';

const isMessage = (body: Body) => body[0] === wire.MESSAGES;
const isList = (body: Body) => body[0] === wire.LIST;
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('a relay of a signed topic (row 77)', () => {
  let made: Trio;
  beforeEach(async () => {
    made = await trio();
  });
  afterEach(() => made.world.net.stop());

  async function sent(change: (body: Body) => readonly Body[], values = [1, 2, 3]) {
    const { intent, diary } = await flow(made);
    made.relay.change = change;
    for (const value of values) intent.send(value);
    await made.world.net.run(1_000);
    made.relay.change = (body) => [body];
    intent.send(99);
    await made.world.net.run(1_000);
    return diary;
  }

  it('that changes a message forges it: the others are delivered', async () => {
    let count = 0;
    const diary = await sent((body) => [isMessage(body) && ++count === 2 ? altered(body, -1) : body]);
    expect([diary.values, diary.gaps]).to.deep.equal([[1, 3, 99], ['forged 2+1']]);
    expect(diary.messages.map(({ isProven }) => isProven)).to.deep.equal([true, true, true]);
  });

  it('that changes the form of a message forges it', async () => {
    const diary = await sent((body) => [isMessage(body) ? altered(body, 7) : body]);
    expect([diary.values, diary.gaps]).to.deep.equal([[99], ['forged 1+1', 'forged 2+1', 'forged 3+1']]);
  });

  it('that changes any part of a list has all of its messages refused', async () => {
    for (const at of [7, 7 + 64, 7 + 64 + 32, -1]) {
      const diary = await sent((body) => [isList(body) ? altered(body, at) : body]);
      expect([diary.values, diary.gaps], `${at}`).to.deep.equal([[99], ['forged 1+1', 'forged 2+1', 'forged 3+1']]);
      await made.world.net.stop();
      made = await trio(2 + Math.abs(at));
    }
  });

  it('that signs a list with a key of its own has it refused', async () => {
    const thief = new NodeSigner(seededIdentity('thief'), simulatedCrypto, 'public');
    const id = topicId();
    const diary = await sent((body) => {
      if (!isList(body)) return [body];
      const subject = { topicId: id, epoch: made.relay.epoch };
      const hashes = [body.slice(-96, -64), body.slice(-64, -32), body.slice(-32)];
      const list = listBytes(subject, 0, hashes, thief.publicKey, (bytes) => thief.sign('meshwright/pubsub/signed/1', bytes));
      expect(signedBytes(subject, list).length).to.equal(32 + 4 + 6 + 96);
      return [Uint8Array.of(...body.slice(0, 7), ...list)];
    });
    expect([diary.values, diary.gaps]).to.deep.equal([[99], ['forged 1+1', 'forged 2+1', 'forged 3+1']]);
    expect(pubsubOf(made.subscriber).counters.signaturesForged).to.equal(1);
  });

  it('that keeps a list back has its messages refused as unsigned', async () => {
    const diary = await sent((body) => (isList(body) ? [] : [body]));
    expect([diary.values, diary.gaps]).to.deep.equal([[99], ['unsigned 1+1', 'unsigned 2+1', 'unsigned 3+1']]);
  });

  it('that loses a message holds up no other', async () => {
    let count = 0;
    const diary = await sent((body) => (isMessage(body) && ++count === 2 ? [] : [body]), range(1, 5));
    expect([diary.values, diary.gaps]).to.deep.equal([[1, 3, 4, 5, 99], ['unknown 2+1']]);
  });

  it('that sends everything twice has it delivered once', async () => {
    const diary = await sent((body) => [body, body]);
    expect([diary.values, diary.gaps]).to.deep.equal([[1, 2, 3, 99], []]);
  });

  it('that gives an old message a new number forges it', async () => {
    const { intent, diary } = await flow(made);
    intent.send(1);
    await made.world.net.run(1_000);
    const old = made.relay.heard.find(isMessage) as Body;
    made.relay.change = (body) => [isMessage(body) ? Uint8Array.of(...body.slice(0, 7), ...old.slice(7)) : body];
    intent.send(2);
    await made.world.net.run(1_000);
    expect([diary.values, diary.gaps]).to.deep.equal([[1], ['forged 2+1']]);
  });

  it('that puts messages of another signed topic of the publisher in their place has them refused', async () => {
    const other = await flow(made, topic<number>('other', { signed: true }));
    other.intent.send(666);
    await made.world.net.run(1_000);
    const [list, message] = [made.relay.heard.find(isList) as Body, made.relay.heard.find(isMessage) as Body];
    const diary = await sent((body) => [isList(body) ? list : isMessage(body) ? message : body], [1]);
    expect([diary.values, diary.gaps]).to.deep.equal([[99], ['forged 1+1']]);
  });

  it('that keeps messages back for more than a minute has them refused as stale', async () => {
    const held: Body[] = [];
    const { intent, interest, diary } = await flow(made);
    made.relay.change = (body) => {
      if (!isList(body) && !isMessage(body)) return body[0] === wire.BEAT ? [] : [body];
      held.push(body);
      return [];
    };
    const { net } = made.world;
    intent.send(1);
    // A subscriber that hears nothing looks for other paths: the relay has to say something.
    for (let second = 0; second < 61; second++) {
      await net.run(1_000);
      made.relay.tell(made.subscriber.id, (writer, label) => writer.beat(label, 0));
    }
    made.relay.replay(made.subscriber.id, held);
    await net.run(1_000);
    expect([diary.values, diary.gaps, interest.publishers()[0]?.state]).to.deep.equal([[], ['stale 1+1'], 'bound']);
  });

  /** The subscriber is told that the publisher has ended, and then the recorded past. */
  async function replayed(bodies: readonly Body[], epoch: number): Promise<void> {
    const { relay, subscriber, world } = made;
    relay.change = () => [];
    relay.onAsked = () => {
      relay.tell(subscriber.id, (writer, label) => writer.bound({ label, epoch, next: 1, hops: 1, kept: 0 }));
      relay.replay(subscriber.id, bodies);
    };
    relay.tell(subscriber.id, (writer, label) => writer.refused(label, 'ended'));
    await world.net.run(10_000);
  }

  it('that lets a path break and plays the last messages again has none delivered twice', async () => {
    const { intent, diary } = await flow(made);
    for (const value of [1, 2, 3]) intent.send(value);
    await made.world.net.run(500);
    await replayed(made.relay.heard, made.relay.epoch);
    expect(diary.lost.map(({ lastDelivered }) => lastDelivered)).to.deep.equal([3]);
    expect([diary.values, diary.gaps]).to.deep.equal([
      [1, 2, 3],
      ['stale 1+1', 'stale 2+1', 'stale 3+1'],
    ]);
  });

  it('that plays what a publisher sent before it began anew has none of it delivered', async () => {
    const { intent, diary } = await flow(made);
    for (const value of [1, 2, 3]) intent.send(value);
    await made.world.net.run(500);
    const [past, epoch] = [[...made.relay.heard], made.relay.epoch];
    intent.close();
    const again = pubsubOf(made.publisher).publish(ORDERS);
    await made.world.net.waitFor(again.interest(), 30_000);
    again.send(4);
    await made.world.net.run(500);
    expect(diary.values).to.deep.equal([1, 2, 3, 4]);
    expect(made.relay.epoch).not.to.equal(epoch);
    await replayed(past, epoch);
    expect([diary.values, diary.gaps]).to.deep.equal([
      [1, 2, 3, 4],
      ['stale 1+1', 'stale 2+1', 'stale 3+1'],
    ]);
  });

  it('that floods lists has few of them checked, and its neighbours are not held up', async () => {
    const { intent, diary } = await flow(made);
    const { subscriber, relay, world } = made;
    intent.send(1);
    await world.net.run(500);
    const list = relay.heard.find(isList) as Body;
    const message = relay.heard.find(isMessage) as Body;
    for (let number = 2; number < 2_000; number++) {
      const [forged, loose] = [altered(list, 10), message.slice()];
      for (const body of [forged, loose]) Buffer.from(body.buffer).writeUIntBE(number, 1, 6);
      relay.replay(subscriber.id, [forged, loose]);
      if (number % 100 === 0) await world.net.run(1);
    }
    await world.net.run(100);
    const { signaturesForged, signaturesUnchecked } = pubsubOf(subscriber).counters;
    expect([diary.values, diary.missed.length]).to.deep.equal([[1], 1_998]);
    expect(signaturesForged).to.be.within(1, 40);
    expect(signaturesUnchecked).to.equal(1_998 - signaturesForged);
  });

  const topicId = () => {
    const intent = pubsubOf(made.publisher).publish(ORDERS);
    const { source } = intent as unknown as { readonly source: { readonly id: NodeId } };
    expect(nodeIdToBytes(source.id)).to.have.lengthOf(32);
    return source.id;
  };
});
