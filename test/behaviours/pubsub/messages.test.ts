/**
 * @module The messages between neighbours, byte by byte.
 */
import { expect } from 'chai';
import * as wire from '../../../behaviours/pubsub/messages.js';
import type { NodeId } from '../../../core/index.js';

const A = 'aa'.repeat(32) as NodeId;
const B = 'bb'.repeat(32) as NodeId;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('messages of pubsub', () => {
  const writer = new wire.MessageWriter();
  const reader = new wire.MessageReader();
  const subscribe = { label: 1, publisher: A, topicId: B, count: 2, window: 3, epoch: 4, from: 5 };

  const forms: readonly [name: string, write: () => Uint8Array, bytes: string, read: () => unknown, value: unknown][] = [
    [
      'subscribe',
      () => writer.subscribe(subscribe),
      `0100000001${'aa'.repeat(32)}${'bb'.repeat(32)}00000002000300000004000000000005`,
      () => reader.subscribe(),
      subscribe,
    ],
    [
      'bound',
      () => writer.bound({ label: 1, epoch: 2, next: 3, hops: 4, kept: 0 }),
      '0200000001000000020000000000030400000000',
      () => reader.bound(),
      { label: 1, epoch: 2, next: 3, hops: 4, kept: 0 },
    ],
    ['refused', () => writer.refused(1, 'loop'), '030000000103', () => reader.refused(), { label: 1, cause: 'loop' }],
    [
      'report',
      () => writer.report(1, { id: 2, windowMs: 1_000, count: 3, sum: 1.5, min: -1, max: 2 }),
      '0b000000010203e8000000033ff8000000000000bff00000000000004000000000000000',
      () => reader.report(),
      { label: 1, report: { id: 2, windowMs: 1_000, count: 3, sum: 1.5, min: -1, max: 2 } },
    ],
    ['leave', () => writer.leave(1), '0400000001', () => reader.label(), 1],
    ['beat', () => writer.beat(1, 2), '0600000001000000000002', () => reader.numbered(), { label: 1, number: 2 }],
    [
      'missed',
      () => writer.missed(1, { from: 2, count: 3, cause: 'link-full', where: A }),
      `07000000010000000000020000000301${'aa'.repeat(32)}`,
      () => reader.missed(),
      { label: 1, gap: { from: 2, count: 3, cause: 'link-full', where: A } },
    ],
    ['credit', () => writer.credit(1, 2), '0800000001000000000002', () => reader.numbered(), { label: 1, number: 2 }],
    [
      'refresh',
      () => writer.refresh([{ label: 1, count: 2, limit: 3 }]),
      '090000000100000002000000000003',
      () => reader.refresh(),
      [{ label: 1, count: 2, limit: 3 }],
    ],
  ];

  for (const [name, write, bytes, read, value] of forms) {
    it(`${name}: these bytes, and no others`, () => {
      const written = write().slice();
      expect(hex(written)).to.equal(bytes);
      reader.open(written, 0, written.length);
      expect(read()).to.deep.equal(value);
      for (const wrong of [written.subarray(0, -1), Uint8Array.of(...written, 0)]) {
        reader.open(wrong, 0, wrong.length);
        expect(read(), hex(wrong)).to.equal(undefined);
      }
    });
  }

  it('a miss of nothing, and causes that are none, are malformed', () => {
    const missed = (count: string, cause: string) => Buffer.from(`0700000001000000000002${count}${cause}${'00'.repeat(32)}`, 'hex');
    const read = (bytes: Uint8Array) => {
      reader.open(bytes, 0, bytes.length);
      return reader.missed();
    };
    expect(read(missed('00000001', '00'))?.gap).to.deep.equal({ from: 2, count: 1, cause: 'unknown', where: undefined });
    expect(read(missed('00000001', '09'))?.gap.cause).to.equal('unchecked');
    expect(read(missed('00000000', '00'))).to.equal(undefined);
    expect(read(missed('00000001', '0a'))).to.equal(undefined);
    reader.open(Buffer.from('030000000107', 'hex'), 0, 6);
    expect(reader.refused()).to.equal(undefined);
  });

  it('a report out of its window, of what is no number, or whose least is above its greatest, and more than 1,024 bytes are malformed', () => {
    const good = { id: 1, windowMs: 100, count: 1, sum: 1, min: 1, max: 1 };
    const isRead = (report: object) => {
      const bytes = writer.report(1, { ...good, ...report });
      reader.open(bytes, 0, bytes.length);
      return reader.report() !== undefined;
    };
    expect([{ id: 15 }, { windowMs: 60_000 }, { count: 0 }, { min: -1 }].map(isRead)).to.deep.equal([true, true, true, true]);
    const bad = [{ id: 16 }, { windowMs: 99 }, { windowMs: 60_001 }, { sum: Number.NaN }, { max: Number.POSITIVE_INFINITY }, { min: 1.5 }];
    expect(bad.map(isRead)).to.deep.equal(bad.map(() => false));
    expect(hex(writer.passed(1, 2, Uint8Array.of(7)))).to.equal('0c000000010207');
    const isPassed = (count: number) => {
      const bytes = writer.passed(1, 2, new Uint8Array(count));
      reader.open(bytes, 0, bytes.length);
      return reader.passed() !== undefined;
    };
    expect([0, 1_024, 1_025].map(isPassed)).to.deep.equal([true, true, false]);
  });

  it('the head of messages has the number of the first', () => {
    const payload = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0xff);
    wire.writeHead(payload, wire.MESSAGES, 258);
    expect(hex(payload)).to.equal('05000000000102ff');
    expect(wire.firstNumber(payload, 0)).to.equal(258);
  });
});
