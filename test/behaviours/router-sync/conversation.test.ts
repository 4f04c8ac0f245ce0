/** @module The pure parts of router-sync: messages, conversations and the pace of news. */
import { expect } from 'chai';
import { Conversation, SYNC_BYTES_MAX } from '../../../behaviours/router-sync/conversation.js';
import { RouterSyncBehavior } from '../../../behaviours/router-sync/index.js';
import { decodeMessage, encodeHello, encodePart, sayableKind, tagsOf } from '../../../behaviours/router-sync/messages.js';
import { NEWS_AT_ONCE, NEWS_PER_INTERVAL, Pace } from '../../../behaviours/router-sync/pace.js';
import { NetworkError } from '../../../core/index.js';
import { SeededRandom } from '../../../testing/conformance/check-tools.js';
import { ScriptedTable } from './support.js';

const BINDING = Uint8Array.from({ length: 32 }, (_, index) => index + 1);
const { own: TAG } = tagsOf(BINDING, 'outgoing');
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

function pair(partBytesMax = 4): { dialer: Conversation; acceptor: Conversation } {
  const dialer = new Conversation({ channelBinding: BINDING, direction: 'outgoing' }, partBytesMax);
  const acceptor = new Conversation({ channelBinding: BINDING, direction: 'incoming' }, partBytesMax);
  acceptor.receive(dialer.hello('x', false));
  dialer.receive(acceptor.hello('x', false));
  return { dialer, acceptor };
}

const syncsOf = (conversation: Conversation, messages: readonly Uint8Array[]) =>
  messages.flatMap((message) => {
    const heard = conversation.receive(message);
    return heard.type === 'sync' ? [[...heard.bytes]] : [];
  });

describe('The messages of router-sync', () => {
  it('have the documented layout, and the tag of their direction', () => {
    const tags = tagsOf(BINDING, 'incoming');
    expect([hex(tags.remote), hex(tags.own)]).eql(['0102030405060708', '090a0b0c0d0e0f10']);
    expect(hex(encodeHello(TAG, { kind: 'ab', isAnswerWanted: true, number: 258 }))).equal(
      '010102030405060708' + '01' + '00000102' + '6162',
    );
    expect(hex(encodePart(TAG, { number: 3, isLast: false, bytes: Uint8Array.of(255) }))).equal(
      '020102030405060708' + '00' + '00000003' + 'ff',
    );
  });

  it('are read as they were written', () => {
    const hello = { type: 'hello', kind: 'path-vector/1', isAnswerWanted: false, number: 0xffff_ffff } as const;
    expect(decodeMessage(encodeHello(TAG, hello), TAG)).eql(hello);
    const part = { type: 'part', number: 7, isLast: true, bytes: Uint8Array.of(1, 2) } as const;
    expect(decodeMessage(encodePart(TAG, part), TAG)).eql(part);
  });

  it('row 65: are refused with another tag, cut short, with unknown flags or types, or with a kind that is no name', () => {
    const head = '010102030405060708' + '00' + '00000000';
    const bad = [
      '',
      '01',
      head.slice(0, -2),
      '01' + '0102030405060709' + '00' + '00000000',
      `03${head.slice(2)}`,
      `00${head.slice(2)}`,
      '010102030405060708' + '02' + '00000000',
      '020102030405060708' + '02' + '00000000' + '01',
      '020102030405060708' + '01' + '00000000',
      `${head}20`,
      `${head}0a`,
      head + '61'.repeat(65),
    ];
    for (const text of bad) expect(decodeMessage(bytesOf(text), TAG), text).equal(undefined);
    for (const text of [head, `${head}61`, head + '61'.repeat(64)]) expect(decodeMessage(bytesOf(text), TAG)?.type, text).equal('hello');
  });

  it('never throw, whatever the bytes are', () => {
    const random = new SeededRandom(1);
    const { dialer, acceptor } = pair();
    const real = [dialer.hello('x', true), ...dialer.cut(random.bytes(30))];
    for (let attempt = 0; attempt < 20_000; attempt++) {
      const message = random.pick(real).slice();
      message[random.below(message.length)] = random.below(256);
      acceptor.receive(random.once(5) ? random.bytes(random.below(40)) : message);
    }
  });

  it('say a kind that can be said, and an empty one for every other', () => {
    expect(['path-vector/1', undefined, 'a b', 'ä', 'x'.repeat(64), 'x'.repeat(65)].map(sayableKind)).eql([
      'path-vector/1',
      '',
      '',
      '',
      'x'.repeat(64),
      '',
    ]);
  });
});

describe('A conversation of router-sync', () => {
  it('cuts a sync into parts and puts them together', () => {
    const { dialer, acceptor } = pair();
    for (const length of [1, 3, 4, 5, 8, 9]) {
      const sync = Array.from({ length }, (_, index) => index);
      const messages = dialer.cut(Uint8Array.from(sync));
      expect(messages.length).equal(Math.ceil(length / 4));
      expect(syncsOf(acceptor, messages)).eql([sync]);
    }
    expect(dialer.cut(new Uint8Array(0))).eql([]);
  });

  it('row 65: takes every part once, in its turn, and none of another connection or direction', () => {
    const { dialer, acceptor } = pair();
    const [first, second, third] = [1, 2, 3].map((byte) => dialer.cut(Uint8Array.of(byte))[0] as Uint8Array) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    expect(syncsOf(acceptor, [second])).eql([]);
    expect(syncsOf(acceptor, [first, first])).eql([[1]]);
    expect(syncsOf(acceptor, [third, second, second, first, third])).eql([[2], [3]]);
    const other = new Conversation({ channelBinding: BINDING.map((byte) => byte ^ 1), direction: 'incoming' });
    expect([other.receive(dialer.hello('x', false)).type, dialer.receive(dialer.hello('x', false)).type]).eql(['ignored', 'ignored']);
  });

  it('takes nothing before a hello, and goes on from the number that a hello names', () => {
    const { dialer } = pair();
    const late = new Conversation({ channelBinding: BINDING, direction: 'incoming' });
    expect(late.receive(dialer.cut(Uint8Array.of(1))[0] as Uint8Array).type).equal('ignored');
    expect(late.receive(dialer.hello('x', false)).type).equal('hello');
    expect(syncsOf(late, dialer.cut(Uint8Array.of(2)))).eql([[2]]);
  });

  it('begins anew when a hello comes in the middle of a sync', () => {
    const { dialer, acceptor } = pair();
    const [begun] = dialer.cut(Uint8Array.of(1, 2, 3, 4, 5)) as [Uint8Array];
    expect(acceptor.receive(begun).type).equal('waiting');
    acceptor.receive(dialer.hello('x', false));
    expect(syncsOf(acceptor, dialer.cut(Uint8Array.of(6)))).eql([[6]]);
  });

  it('row 64: sends no sync above 4 MiB, and keeps none that grows longer', () => {
    const { dialer, acceptor } = pair(1024 * 1024);
    expect(dialer.cut(new Uint8Array(SYNC_BYTES_MAX + 1))).eql([]);
    const [whole] = syncsOf(acceptor, dialer.cut(new Uint8Array(SYNC_BYTES_MAX)));
    expect(whole?.length).equal(SYNC_BYTES_MAX);
    const endless = dialer.cut(new Uint8Array(SYNC_BYTES_MAX)).map((message) => {
      message[9] = 0;
      return message;
    });
    expect(endless.map((message) => acceptor.receive(message).type)).eql(['waiting', 'waiting', 'waiting', 'waiting']);
    const [more, last] = dialer.cut(new Uint8Array(1024 * 1024 + 1)) as [Uint8Array, Uint8Array];
    expect([acceptor.receive(more).type, acceptor.receive(last).type]).eql(['waiting', 'ignored']);
    expect(syncsOf(acceptor, dialer.cut(Uint8Array.of(7)))).eql([[7]]);
  });
});

describe('The pace of news (row 68)', () => {
  it('lets some through at once, and then so many in an interval', () => {
    const pace = new Pace(1_000);
    const sentAt = (untilMs: number) => {
      let count = 0;
      for (let nowMs = 0; nowMs < untilMs; nowMs++) {
        if (pace.waitMs(nowMs) > 0) continue;
        pace.take(nowMs);
        count++;
      }
      return count;
    };
    expect(sentAt(10_000)).equal(NEWS_AT_ONCE + 10 * NEWS_PER_INTERVAL - 1);
  });

  it('says how long to wait, to the millisecond and never less than one', () => {
    const pace = new Pace(1_000);
    for (let count = 0; count < NEWS_AT_ONCE; count++) pace.take(0);
    expect(pace.waitMs(0)).equal(63);
    expect(pace.waitMs(62)).equal(1);
    expect(pace.waitMs(62.5)).equal(0);
  });
});

describe('The options of RouterSyncBehavior', () => {
  it('are refused by name when they are wrong, and taken at their ends', () => {
    const wrong: [string, unknown][] = [
      ['intervalMs', 99],
      ['intervalMs', 60_001],
      ['batchMs', -1],
      ['batchMs', Number.NaN],
      ['interval', 1_000],
    ];
    for (const [field, value] of wrong) {
      expect(() => new RouterSyncBehavior(new ScriptedTable(), { [field]: value }), `${field} ${value}`)
        .to.throw(NetworkError, `router-sync: ${field}`)
        .with.property('code', 'OPTION_INVALID');
    }
    expect(() => new RouterSyncBehavior(new ScriptedTable(), 7 as never)).to.throw(NetworkError);
    for (const options of [
      { intervalMs: 100, batchMs: 0 },
      { intervalMs: 60_000, batchMs: 1_000 },
    ])
      new RouterSyncBehavior(new ScriptedTable(), options);
  });
});
