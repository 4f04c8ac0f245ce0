/** @module Tests of the pure parts of rpc, with literal inputs, and of handlers that misbehave. */
import { expect } from 'chai';
import { Feed, type FeedOutlet, type Responses, responsesOf } from '../../../behaviours/rpc/feed.js';
import { carriable, ITEM, MessageReader, MessageWriter, OK } from '../../../behaviours/rpc/messages.js';
import { ANSWER_HEAD_BYTES, HEAD_BYTES, MessageHead } from '../../../core/kits/exchange/messages.js';

const LIMITS = { valueDepthMax: 16, valueItemsMax: 1_000 };

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

const at = (head: number, bytes: Uint8Array) => Buffer.from(bytes.subarray(head)).toString('hex');

const headOf = (bytes: Uint8Array, contentAt = HEAD_BYTES) => Object.assign(new MessageHead(), { bytes, contentAt, end: bytes.length });

describe('rpc messages', () => {
  it('a request has a fixed head, its method and its value; times are rounded up', () => {
    const fields = { serviceId: 64, method: 'greet', timeoutMs: 9_999.5, window: 8, parts: [] };
    const bytes = new MessageWriter().request(fields, 'x', LIMITS);
    expect(at(HEAD_BYTES, bytes)).to.equal('40000027100008000567726565746178');
    expect(new MessageReader().request(headOf(bytes))).to.deep.equal({ ...fields, timeoutMs: 10_000, valueAt: bytes.length - 2 });
  });

  it('answers and credit have a byte of their type, or a number', () => {
    const writer = new MessageWriter();
    expect(at(ANSWER_HEAD_BYTES, writer.value(OK, [1], LIMITS))).to.equal('018101');
    expect(at(ANSWER_HEAD_BYTES, writer.value(ITEM, new Uint8Array(2), LIMITS))).to.equal('03420000');
    expect(at(ANSWER_HEAD_BYTES, writer.error({ code: 'A_1', text: '\u00fc' }))).to.equal('0203415f31c3bc');
    expect(at(ANSWER_HEAD_BYTES, writer.end())).to.equal('04');
    expect(at(HEAD_BYTES, writer.credit(258))).to.equal('000000000102');
  });

  it('a value whose getter makes another message does not disturb this one', () => {
    const writer = new MessageWriter();
    const value = Object.defineProperty({}, 'trap', { enumerable: true, get: () => writer.value(OK, 'y', LIMITS).length });
    expect(at(ANSWER_HEAD_BYTES, writer.value(OK, value, LIMITS))).to.equal('01a16474726170' + '13');
  });

  it('methods of 1 to 128 characters come back, in any script', () => {
    for (const method of ['a', 'ab', 'ba', 'größe', 'm'.repeat(128), '\u4e2d'.repeat(128)]) {
      const bytes = new MessageWriter().request({ serviceId: 1, method, timeoutMs: 1, window: 0, parts: [] }, 1, LIMITS);
      const reader = new MessageReader();
      for (const _time of [1, 2]) expect(reader.request(headOf(bytes))?.method).to.equal(method);
    }
  });

  it('texts are cut and repaired until they can be sent', () => {
    const [writer, reader] = [new MessageWriter(), new MessageReader()];
    for (const text of ['', 'a', '\uFEFF\uFEFFa', '\uD800', `${'x'.repeat(255)}\u{1F375}`, 'y'.repeat(1_000), undefined, 7]) {
      const carried = carriable(text);
      expect(carried.length).to.be.at.most(256);
      expect(reader.error(headOf(writer.error({ code: 'A', text: carried }), ANSWER_HEAD_BYTES))).to.deep.equal({
        code: 'A',
        text: carried,
      });
    }
    expect(carriable('as it is: \u00fc \u{1F375}')).to.equal('as it is: \u00fc \u{1F375}');
  });
});

describe('rpc streams of handlers', () => {
  it('are what has an async iterator, and generators; arrays, texts, maps, bytes and web streams are values', () => {
    async function* later() {}
    function* now() {}
    for (const sequence of [later(), now()]) expect(responsesOf(sequence)).to.not.equal(undefined);
    for (const value of [undefined, null, 1, 'text', [], {}, new Map(), new Set(), new Uint8Array(2), later, new ReadableStream()])
      expect(responsesOf(value)).to.equal(undefined);
  });

  /** Counts what happens; everything has room. */
  function outlet(overrides: Partial<FeedOutlet> = {}) {
    const log: string[] = [];
    const base: FeedOutlet = {
      asking: () => log.push('asking'),
      waiting: () => log.push('waiting'),
      checked: (item) => item,
      item: (index, value) => log.push(`item ${index} ${String(value)}`) > 0,
      roomLater: () => Promise.resolve(),
      ended: (ending, count) => log.push(ending.type === 'end' ? `done ${count}` : `threw ${String(ending.cause)} ${count}`),
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
      await new Feed(out, sequence as unknown as Responses, 2).run();
      expect(log).to.have.length(2);
      expect(log[1]).to.match(/^threw .* 0$/);
    }
  });

  it('that never come back are left when the call ends, and told by return()', async () => {
    const { log, outlet: out } = outlet();
    const sequence = { next: () => new Promise<never>(() => {}), return: async () => Promise.reject('no') };
    const feed = new Feed(out, sequence as unknown as Responses, 2);
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
