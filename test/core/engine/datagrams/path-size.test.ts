/** @module Paths that pass short datagrams and lose long ones in silence: links begin there, notice it, and go on with short ones. */
import { expect } from 'chai';
import { PathSize } from '../../../../core/engine/links/datagrams/path-size.js';
import { toNode } from '../../../../core/index.js';
import { DATAGRAM_BYTES_MAX, DATAGRAM_BYTES_MIN } from '../../../../core/security/datagrams/header.js';
import { ADA_AT, DatagramWire, type Sent } from './wire.js';
import { exchange, inOrder, NOTING, pair } from './world.js';

const [LONG, SHORT] = [DATAGRAM_BYTES_MIN + 1, DATAGRAM_BYTES_MIN];
const NARROW = { datagramBytesMax: 600 };

describe('the size of a path', () => {
  it('carries 10,000 messages once and in order where datagrams of more than 600 bytes are lost, from the first one on', async () => {
    const { network, ada, bob } = await pair(NARROW);
    await exchange(network, ada, bob, 2_500, 700);
    for (const type of NOTING) expect(bob.behavior(type).got).to.deep.equal(inOrder(2_500));
    await network.stop();
  });

  it('carries them also where 5 % of the others are lost, reordered and doubled, and where nothing longer than 548 bytes passes', async () => {
    const { network, ada, bob } = await pair({ datagramBytesMax: 548, loss: 0.05, jitterMs: 50, reordered: 0.25, doubled: 0.05 });
    await exchange(network, ada, bob, 100, 3_000);
    for (const type of NOTING) expect(bob.behavior(type).got).to.deep.equal(inOrder(100));
    await network.stop();
  });

  it('is noticed within five round trips when it shrinks under a transfer, and is tried again after it has grown', async () => {
    const latencyMs = 40;
    const { network, ada, bob } = await pair({ latencyMs, bandwidth: 1_000_000 });
    const { got, gotMs } = bob.behavior(NOTING[0] as (typeof NOTING)[0]);
    const send = (count: number) => {
      for (let number = 0; number < count; number++) ada.send(toNode(bob.id), 64, new Uint8Array(4_000));
    };
    send(60);
    await network.run(200);
    network.setLink('ada', 'bob', NARROW);
    const shrunkMs = network.nowMs;
    await network.runUntil(() => got.length === 60);
    // The first of them were on their way.
    const silences = gotMs.map((atMs, index) => (index === 0 || atMs < shrunkMs ? 0 : atMs - (gotMs[index - 1] as number)));
    expect(Math.max(...silences) / (2 * latencyMs)).to.be.below(5);
    network.setLink('ada', 'bob', { datagramBytesMax: 65_507 });
    for (let seconds = 0; seconds < 10; seconds++) {
      send(1);
      await network.run(1_000);
    }
    const grownMs = network.nowMs;
    send(60);
    await network.runUntil(() => got.length === 130);
    const lengths = network
      .trace()
      .flatMap(({ kind, to, atMs, size }) => (kind === 'bytes' && to === 'bob' && atMs > grownMs ? [size] : []));
    expect(Math.max(...lengths)).to.equal(DATAGRAM_BYTES_MAX);
    await network.stop();
  });

  it('is noticed too when single long messages are all that is sent, and other services wait for nothing', () => {
    const wire = new DatagramWire().open();
    wire.onWay = (sent: Sent) => (sent.bytes.length > 600 ? [] : [sent]);
    for (let number = 1; number <= 3; number++) {
      wire.tell(64, new Uint8Array(1_000).fill(number));
      wire.tell(65, Uint8Array.of(number), { lane: 'control' });
      wire.deliver();
      wire.advance(5_000);
      expect([wire.bobNotes.messages.length, wire.bobOther.messages.length]).to.deep.equal([number, number]);
    }
    const before = wire.sent.length;
    wire.tell(64, new Uint8Array(5_000));
    wire.deliver();
    wire.advance(10);
    expect(wire.bobNotes.messages.map(({ payload }) => payload.length)).to.deep.equal([1_000, 1_000, 1_000, 5_000]);
    const lengths = wire.sent.slice(before).flatMap(({ from, bytes }) => (from === ADA_AT ? [bytes.length] : []));
    expect(lengths.filter((length) => length > DATAGRAM_BYTES_MIN).length).to.be.at.most(1);
  });

  it('is small once three long ones in a row are lost while a short one arrives, and not before', () => {
    const size = new PathSize();
    for (const number of [0, 1]) size.lost(number, LONG);
    size.arrived(9, SHORT);
    expect(size.bytesAt(0)).to.equal(DATAGRAM_BYTES_MAX);
    size.arrived(2, LONG);
    for (const number of [3, 4]) size.lost(number, LONG + 1);
    for (const number of [5, 6, 7, 8]) size.lost(number, SHORT);
    size.arrived(6, LONG);
    expect(size.bytesAt(0)).to.equal(DATAGRAM_BYTES_MAX);
    size.lost(1, LONG);
    expect(size.bytesAt(0)).to.equal(DATAGRAM_BYTES_MAX);
    size.lost(10, LONG);
    expect(size.bytesAt(0)).to.equal(DATAGRAM_BYTES_MIN);
  });

  it('is not small because everything is lost, or because a short one that was sent before arrives', () => {
    const size = new PathSize();
    for (const number of [1, 2, 3, 4]) size.lost(number, LONG);
    size.arrived(0, SHORT);
    expect(size.bytesAt(0)).to.equal(DATAGRAM_BYTES_MAX);
    size.arrived(5, SHORT);
    expect(size.bytesAt(0)).to.equal(DATAGRAM_BYTES_MIN);
  });

  it('is tried with one long datagram after 1, 2, 4 s and so on up to 10 minutes', () => {
    const size = new PathSize();
    for (const number of [1, 2, 3]) size.lost(number, LONG);
    size.arrived(4, SHORT);
    let nowMs = 0;
    const waits = Array.from({ length: 12 }, (_, trial) => {
      const beganMs = nowMs;
      while (size.bytesAt(nowMs) === DATAGRAM_BYTES_MIN) nowMs += 1_000;
      size.sent(SHORT);
      expect(size.bytesAt(nowMs)).to.equal(DATAGRAM_BYTES_MAX);
      size.sent(LONG);
      expect(size.bytesAt(nowMs + 1_000_000)).to.equal(DATAGRAM_BYTES_MIN);
      size.lost(5 + trial, LONG);
      return (nowMs - beganMs) / 1_000;
    });
    expect(waits).to.deep.equal([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
    size.arrived(16, LONG);
    expect(size.bytesAt(nowMs)).to.equal(DATAGRAM_BYTES_MAX);
  });

  it('of another path is unknown', () => {
    const size = new PathSize();
    for (const number of [1, 2, 3]) size.lost(number, LONG);
    size.changed();
    size.arrived(4, SHORT);
    expect(size.bytesAt(0)).to.equal(DATAGRAM_BYTES_MAX);
  });
});
