/** @module Tests of the pure parts of rpc, with literal inputs, and of handlers that misbehave. */
import { expect } from 'chai';
import { Feed, type FeedOutlet, type Sequence, sequenceOf } from '../../../behaviours/rpc/feed.js';
import { ItemBuffer } from '../../../behaviours/rpc/item-buffer.js';
import { carriable, readMessage } from '../../../behaviours/rpc/messages.js';
import { RecentIds } from '../../../behaviours/rpc/recent-ids.js';
import { RequestIds } from '../../../behaviours/rpc/request-ids.js';
import { encodeValue } from '../../../core/index.js';

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('rpc messages', () => {
  it('a request is an array of seven, with an id of 53 bits in nine bytes', () => {
    const bytes = encodeValue([0, 2 ** 52 + 1, 64, 'greet', 10_000, 'x', 0]);
    expect(Buffer.from(bytes).toString('hex')).to.equal('8700fb433000000000000118406567726565741927106178 00'.replace(' ', ''));
  });

  it('reads every type, and nothing with one field more or less', () => {
    const good: unknown[][] = [
      [0, 1, 64, 'm', 10, undefined, 0],
      [1, 1, undefined],
      [2, 1, 'CODE_1', '', 0],
      [3, 1],
      [4, 1, 0, 'x'],
      [5, 1, 0],
      [6, 1, 0],
      [7, 1],
      [8, 1, 0],
    ];
    for (const message of good) {
      expect(readMessage(message)).to.equal(message);
      expect(readMessage([...message, 0])).to.equal(undefined);
      expect(readMessage(message.slice(0, -1))).to.equal(undefined);
      expect(readMessage([message[0], 2 ** 53, ...message.slice(2)])).to.equal(undefined);
    }
    for (const none of [undefined, null, {}, 'text', [], [9, 1], [-1, 1], ['length', 1, 0, 0, 0, 0, 0]])
      expect(readMessage(none)).to.equal(undefined);
  });

  it('texts are cut and repaired until they can be sent', () => {
    for (const text of ['', 'a', '\uFEFF\uFEFFa', '\uD800', `${'x'.repeat(255)}\u{1F375}`, 'y'.repeat(1_000), undefined, 7]) {
      const carried = carriable(text);
      expect(carried.length).to.be.at.most(256);
      expect(readMessage([2, 1, 'A', carried, 0])).to.not.equal(undefined);
      expect(() => encodeValue(carried)).to.not.throw();
    }
    expect(carriable('as it is: ü \u{1F375}')).to.equal('as it is: ü \u{1F375}');
  });
});

describe('rpc request ids', () => {
  it('take 53 bits of seven bytes, and a new block after 64', () => {
    let draws = 0;
    const bytes = (byteCount: number) => new Uint8Array(byteCount).fill(draws++ === 0 ? 0xff : 0x01);
    const ids = new RequestIds();
    const first = Array.from({ length: 64 }, () => ids.next({ bytes, float: () => 0 }));
    expect(new Set(first)).to.deep.equal(new Set([Number.MAX_SAFE_INTEGER]));
    expect(ids.next({ bytes, float: () => 0 })).to.equal(0x01_0101_0101_0101);
    expect(draws).to.equal(2);
  });
});

describe('rpc recent ids', () => {
  it('stay for one to two periods', () => {
    const recent = new RecentIds(30, 100);
    recent.add('a', 0);
    recent.add('b', 29);
    expect([recent.has('a', 30), recent.has('b', 59), recent.has('b', 60), recent.has('a', 61)]).to.deep.equal([true, true, false, false]);
    recent.add('c', 61);
    expect(recent.has('c', 1_000)).to.equal(false);
  });

  it('say for how long none was forgotten: since the beginning, for a period or more, or as long as there was room', () => {
    const recent = new RecentIds(100, 3);
    recent.begin(1_000);
    expect([recent.coveredMs(1_000), recent.coveredMs(1_150), recent.coveredMs(1_199)]).to.deep.equal([0, 150, 199]);
    expect(recent.coveredMs(1_250)).to.equal(100);
    expect(recent.coveredMs(9_000)).to.equal(100);
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) recent.add(id, 9_010);
    expect([recent.coveredMs(9_010), recent.has('a', 9_010)]).to.deep.equal([0, false]);
    expect(new RecentIds(100, 3).coveredMs(5)).to.equal(0);
  });

  it('are bounded: a full generation makes room by forgetting the one before', () => {
    const recent = new RecentIds(1_000, 2);
    for (const id of ['a', 'b', 'c', 'd', 'e']) recent.add(id, 0);
    expect(['a', 'b', 'c', 'd', 'e'].map((id) => recent.has(id, 0))).to.deep.equal([false, false, true, true, true]);
  });
});

describe('rpc item buffer', () => {
  it('announces credit when half of the window was read', () => {
    const buffer = new ItemBuffer(4);
    for (const index of [0, 1, 2, 3]) expect(buffer.onItem(index, index)).to.equal('ok');
    expect(buffer.onItem(4, 4)).to.equal('violation');
    const totals = [0, 1, 2, 3].map(() => {
      buffer.read();
      return buffer.consumed();
    });
    expect([totals, buffer.granted]).to.deep.equal([[undefined, 6, undefined, 8], 8]);
    expect(buffer.onItem(4, 4)).to.equal('ok');
  });

  it('an end counts once, and only where it fits', () => {
    const buffer = new ItemBuffer(4);
    buffer.onItem(1, 'b');
    expect([buffer.onEnd(1, { type: 'end' }), buffer.onEnd(5, { type: 'end' })]).to.deep.equal([false, false]);
    expect([buffer.onEnd(2, { type: 'end' }), buffer.isComplete]).to.deep.equal([true, false]);
    expect(buffer.onEnd(3, { type: 'error', code: 'X', text: '' })).to.equal(true);
    expect([buffer.onItem(0, 'a'), buffer.isComplete]).to.deep.equal(['ok', true]);
    expect(
      [buffer.read(), buffer.read(), buffer.isReadOut, buffer.read()].map((item) =>
        item === true ? item : (item as { type: string }).type,
      ),
    ).to.deep.equal(['ok', 'ok', true, 'end']);
  });

  it('broken off, it still gives what is in order', () => {
    const buffer = new ItemBuffer(4);
    buffer.onItem(0, 'a');
    buffer.onItem(2, 'c');
    buffer.breakOff({ type: 'error', code: 'RPC_PEER_GONE', text: '' });
    expect([buffer.read(), buffer.read()]).to.deep.equal([
      { type: 'ok', value: 'a' },
      { type: 'error', code: 'RPC_PEER_GONE', text: '' },
    ]);
  });
});

describe('rpc sequences of handlers', () => {
  it('are what has an async iterator, and generators; arrays, texts, maps and bytes are values', () => {
    async function* later() {}
    function* now() {}
    for (const sequence of [later(), now(), new ReadableStream()]) expect(sequenceOf(sequence)).to.not.equal(undefined);
    for (const value of [undefined, null, 1, 'text', [], {}, new Map(), new Set(), new Uint8Array(2), later])
      expect(sequenceOf(value)).to.equal(undefined);
  });

  /** Counts what happens; everything has room. */
  function outlet(overrides: Partial<FeedOutlet> = {}) {
    const log: string[] = [];
    const base: FeedOutlet = {
      asking: () => log.push('asking'),
      waiting: () => log.push('waiting'),
      item: (index, value) => log.push(`item ${index} ${String(value)}`) > 0,
      roomLater: () => Promise.resolve(),
      done: (count) => log.push(`done ${count}`),
      threw: (cause, count) => log.push(`threw ${String(cause)} ${count}`),
      unreturned: (cause) => log.push(`unreturned ${String(cause)}`),
    };
    return { log, outlet: { ...base, ...overrides } };
  }

  it('are asked only within the credit, wait at its end, and go on with more', async () => {
    const { log, outlet: out } = outlet();
    const feed = new Feed(out, ['a', 'b', 'c'][Symbol.iterator](), 2);
    void feed.run();
    await settled();
    expect(log).to.deep.equal(['asking', 'item 0 a', 'asking', 'item 1 b', 'waiting']);
    feed.onCredit(2);
    await settled();
    expect(log.splice(0).at(-1)).to.equal('waiting');
    feed.onCredit(4);
    await settled();
    expect(log).to.deep.equal(['asking', 'item 2 c', 'asking', 'done 3']);
  });

  it('whose next() throws, rejects, or is missing fail after the items before', async () => {
    const broken: Record<string, unknown>[] = [
      { next: () => Promise.reject('rejected') },
      {
        next: () => {
          throw 'thrown';
        },
      },
      {},
    ];
    for (const sequence of broken) {
      const { log, outlet: out } = outlet();
      await new Feed(out, sequence as unknown as Sequence, 2).run();
      expect(log).to.have.length(2);
      expect(log[1]).to.match(/^threw .* 0$/);
    }
  });

  it('that never come back are left when the call ends, and told by return()', async () => {
    const { log, outlet: out } = outlet();
    const sequence = { next: () => new Promise<never>(() => {}), return: async () => Promise.reject('no') };
    const feed = new Feed(out, sequence as unknown as Sequence, 2);
    void feed.run();
    feed.end();
    feed.end();
    await settled();
    expect(log).to.deep.equal(['asking', 'unreturned no']);
  });

  it('wait while there is no room, and hand the same item over again', async () => {
    let refusals = 3;
    const items: unknown[] = [];
    const { log, outlet: out } = outlet({ item: (_index, value) => items.push(value) > 0 && --refusals < 0 });
    await new Feed(out, ['a'][Symbol.iterator](), 8).run();
    expect([items, log.at(-1)]).to.deep.equal([['a', 'a', 'a', 'a'], 'done 1']);
  });
});
