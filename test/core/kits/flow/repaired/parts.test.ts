/** @module Parts of the repaired layer with literal values: receipts, their wire form, loss by overtaking, time, probe and signal. */
import { expect } from 'chai';
import {
  Receipts,
  type RepairedFrame,
  RepairedPath,
  readAcknowledgement,
  writeAcknowledgement,
} from '../../../../../core/kits/flow/repaired/index.js';
import { ByteReader } from '../../../../../core/structures/byte-reader.js';
import { ByteWriter } from '../../../../../core/structures/byte-writer.js';

interface Named extends RepairedFrame {
  readonly name: string;
}

const frame = (name: string): Named => ({ hasArrived: false, name });
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** A path that has sent packets a, b, c, … of 1,000 bytes at time 0. */
function pathWith(names: string): RepairedPath<Named> {
  const path = new RepairedPath<Named>({ packetsLost: 0, packetsWronglyLost: 0 });
  for (const name of names) path.sent([frame(name)], 1_000, 0);
  return path;
}

function lostOf(path: RepairedPath<Named>): string {
  let names = '';
  for (let one = path.lost.take(); one !== undefined; one = path.lost.take()) names += one.name;
  return names;
}

const ack = (first: number, last: number, delayMs = 0) => ({ ranges: [{ first, last }], delayMs });

describe('repaired path: receipts (TH-32, TH-36, TH-38)', () => {
  it('are due with every second packet, after 25 ms for one, and at once after a gap', () => {
    const receipts = new Receipts();
    expect([receipts.receive(0, 100), receipts.dueMs]).to.deep.equal([true, 125]);
    expect([receipts.receive(1, 110), receipts.dueMs]).to.deep.equal([true, 110]);
    expect(receipts.take(112)).to.deep.equal({ ranges: [{ first: 0, last: 1 }], delayMs: 2 });
    expect(receipts.dueMs).to.equal(Number.POSITIVE_INFINITY);
    expect([receipts.receive(3, 120), receipts.dueMs]).to.deep.equal([true, 120]);
    expect(receipts.take(120).ranges).to.deep.equal([
      { first: 3, last: 3 },
      { first: 0, last: 1 },
    ]);
    expect([receipts.receive(2, 130), receipts.take(130)]).to.deep.equal([true, { ranges: [{ first: 0, last: 3 }], delayMs: 10 }]);
  });

  it('take each packet once, and one that is below 32 ranges not at all', () => {
    const receipts = new Receipts();
    expect([receipts.receive(0, 0), receipts.receive(0, 0)]).to.deep.equal([true, false]);
    for (let number = 2; number <= 66; number += 2) receipts.receive(number, 0);
    expect(receipts.take(0).ranges).to.have.lengthOf(32);
    expect([receipts.receive(1, 0), receipts.receive(3, 0), receipts.receive(5, 0)]).to.deep.equal([false, false, true]);
  });

  it('have a wire form, and nothing else is one', () => {
    const writer = new ByteWriter();
    writeAcknowledgement(writer, {
      ranges: [
        { first: 300, last: 301 },
        { first: 0, last: 7 },
      ],
      delayMs: 2.9,
    });
    const text = `000202${'00000000012d00000001'}${'00000000000700000007'}`;
    expect(hex(writer.written)).to.equal(text);
    const read = (bytes: string) => readAcknowledgement(new ByteReader(Buffer.from(bytes, 'hex')));
    expect(read(text)).to.deep.equal({
      ranges: [
        { first: 300, last: 301 },
        { first: 0, last: 7 },
      ],
      delayMs: 2,
    });
    for (const wrong of [
      '',
      '000000',
      text.slice(2),
      `${text}00`,
      '00000100000000000700000008',
      text.replace('012d00000001', '012d00000125'),
    ])
      expect(read(wrong), wrong).to.equal(undefined);
  });
});

describe('repaired path: losses (TH-33, TH-35)', () => {
  it('a packet is lost when three later ones have come, and not when two have', () => {
    const path = pathWith('abcd');
    path.acknowledged(ack(1, 2), 50);
    expect(lostOf(path)).to.equal('');
    path.acknowledged(ack(1, 3), 51);
    expect([lostOf(path), path.inTransitBytes]).to.deep.equal(['a', 0]);
  });

  it('what is sent is kept until it is acknowledged; when the window is full of it, nothing more is sent now (TH-34)', () => {
    const path = pathWith('a');
    const before = path.room(0);
    expect(before, 'there is room beside one').to.be.greaterThan(0);
    path.sent([frame('b')], before, 0);
    expect([path.room(0), path.inTransitBytes > before]).to.deep.equal([0, true]);
    path.acknowledged(ack(0, 1), 50);
    expect([path.inTransitBytes, path.room(50) > 0, lostOf(path)]).to.deep.equal([0, true, '']);
  });

  it('or when one has, and a round trip and an eighth have passed', () => {
    const path = pathWith('ab');
    path.acknowledged(ack(1, 1), 80);
    expect([path.nextAtMs, lostOf(path)]).to.deep.equal([91, '']);
    path.expire(90.9);
    expect(lostOf(path)).to.equal('');
    path.expire(91);
    expect(lostOf(path)).to.equal('a');
  });

  it('what was taken for lost and comes is not sent again, and more overtaking is waited for', () => {
    const path = pathWith('abcdefghijk');
    path.acknowledged(ack(1, 3), 50);
    path.acknowledged({ ranges: [{ first: 0, last: 3 }], delayMs: 0 }, 51);
    expect([lostOf(path), path.counters]).to.deep.equal(['', { packetsLost: 1, packetsWronglyLost: 1 }]);
    path.acknowledged(
      {
        ranges: [
          { first: 5, last: 7 },
          { first: 0, last: 3 },
        ],
        delayMs: 0,
      },
      52,
    );
    expect(lostOf(path)).to.equal('');
    path.acknowledged(
      {
        ranges: [
          { first: 5, last: 8 },
          { first: 0, last: 3 },
        ],
        delayMs: 0,
      },
      53,
    );
    expect(lostOf(path)).to.equal('e');
  });

  it('silence sends the oldest again, in pauses that grow', () => {
    const path = pathWith('ab');
    const times: number[] = [];
    for (let count = 0; count < 4; count++) {
      const atMs = path.nextAtMs;
      times.push(atMs);
      path.expire(atMs - 1);
      path.expire(atMs);
      const oldest = path.lost.take() as Named;
      expect(oldest.name).to.equal('abab'[count]);
      path.sent([oldest], 1_000, atMs);
    }
    expect(times).to.deep.equal([1_024, 3_072, 7_168, 15_360]);
  });

  it('a loss signal is believed at once, of packets that are in transit', () => {
    const path = pathWith('ab');
    path.lossReported(7, 'lane-full', 10);
    path.lossReported(0, 'lane-full', 10);
    path.lossReported(0, 'lane-full', 10);
    expect([lostOf(path), path.room(10) > 0]).to.deep.equal(['a', true]);
    path.lossReported(1, 'unreachable', 10);
    expect([lostOf(path), path.room(59), path.roomAtMs, path.room(60) > 0]).to.deep.equal(['b', 0, 60, true]);
  });

  it('an acknowledgement of what was never sent is refused, and a second one is nothing new', () => {
    const path = pathWith('ab');
    expect([path.acknowledged(ack(0, 2), 10), path.acknowledged(ack(0, 1), 10), path.acknowledged(ack(0, 1), 10)]).to.deep.equal([
      false,
      true,
      true,
    ]);
    expect([path.isQuiet, path.nextAtMs, path.silentSinceMs]).to.deep.equal([true, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  it('another path begins with a window of its own; a broken one gives back what was in transit', () => {
    const path = pathWith('abcde');
    expect(path.room(0)).to.equal(0);
    path.changed();
    path.broken();
    expect([path.inTransitBytes, path.room(0) > 0, lostOf(path)]).to.deep.equal([0, true, 'abcde']);
  });
});
