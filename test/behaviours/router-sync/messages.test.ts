/** @module The messages of router-sync, its options, and what waits for a neighbour that does not read. */
import { expect } from 'chai';
import { RouterSyncHandler, type SyncRefusals } from '../../../behaviours/router-sync/handler.js';
import { RouterSyncBehavior } from '../../../behaviours/router-sync/index.js';
import { decodeMessage, encodeHello, encodeSync, wireKind } from '../../../behaviours/router-sync/messages.js';
import { RouterSyncCounters } from '../../../behaviours/router-sync/options.js';
import { NetworkError } from '../../../core/index.js';
import { TokenBucket } from '../../../core/structures/token-bucket.js';
import { SeededRandom } from '../../../testing/conformance/check-tools.js';
import { ScriptedTable } from './support.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

describe('The messages of router-sync', () => {
  it('have the documented layout', () => {
    expect(hex(encodeHello({ kind: 'ab', isAnswerWanted: true }))).equal('01016162');
    expect(hex(encodeHello({ kind: '', isAnswerWanted: false }))).equal('0100');
    expect(hex(encodeSync(Uint8Array.of(255)))).equal('02ff');
  });

  it('are read as they were written', () => {
    const hello = { type: 'hello', kind: 'path-vector/1', isAnswerWanted: false } as const;
    expect(decodeMessage(encodeHello(hello))).eql(hello);
    expect(decodeMessage(encodeSync(Uint8Array.of(1, 2)))).eql({ type: 'sync', bytes: Uint8Array.of(1, 2) });
  });

  it('are refused cut short, with unknown flags or types, or with a kind that is no name', () => {
    for (const text of ['', '01', '02', '00ff', '0300', '0102', '010020', '01000a', `0100${'61'.repeat(65)}`])
      expect(decodeMessage(bytesOf(text)), text).equal(undefined);
    for (const text of ['0100', '010161', `0100${'61'.repeat(64)}`]) expect(decodeMessage(bytesOf(text))?.type, text).equal('hello');
  });

  it('never throw, whatever the bytes are', () => {
    const random = new SeededRandom(1);
    for (let attempt = 0; attempt < 20_000; attempt++) decodeMessage(random.bytes(random.below(80)));
  });

  it('name a kind that can be sent, and an empty one for every other', () => {
    const kinds = ['path-vector/1', undefined, 'a b', 'ä', 'x'.repeat(64), 'x'.repeat(65)];
    expect(kinds.map(wireKind)).eql(['path-vector/1', '', '', '', 'x'.repeat(64), '']);
  });
});

describe('kind 15: a neighbour that greets without end and never reads', () => {
  /** A handler whose lane is full until `open`. */
  function stuck() {
    const sent: Uint8Array[] = [];
    let isFull = true;
    const reply = (message: Uint8Array) => {
      if (isFull) return 'full';
      sent.push(message);
      return 'queued';
    };
    const agent = { connection: { id: 1, nodeId: 'aa'.repeat(32) }, nowMs: 0, reply, sendToBehavior: () => undefined } as never;
    const table = new ScriptedTable();
    const counters = new RouterSyncCounters();
    const settings = { intervalMs: 1_000, batchMs: 5 };
    const parts = { router: table, settings, counters, messageBytesMax: 1_000, isLate: false, refusals: {} as SyncRefusals };
    const handler = new RouterSyncHandler({ ...parts, pace: new TokenBucket(32, 16, 0) });
    handler.onOpened(agent);
    const open = () => {
      isFull = false;
      handler.onEvent(agent, { type: 'writable' } as never);
    };
    return { agent, handler, table, sent, open };
  }

  it('row 110: one hello and one sync wait for it, however often it greets, and the table is not asked meanwhile', () => {
    const { agent, handler, table, sent, open } = stuck();
    table.syncs.push(...Array.from({ length: 9 }, (_, index) => Uint8Array.of(index)));
    table.news.push(Uint8Array.of(10));
    for (let count = 0; count < 10_000; count++) {
      const payload = encodeHello({ kind: count % 2 === 0 ? 'scripted' : 'other', isAnswerWanted: true });
      handler.onEvent(agent, { type: 'message', payload } as never);
    }
    handler.onEvent(agent, { type: 'message', payload: encodeHello({ kind: 'scripted', isAnswerWanted: true }) } as never);
    expect([table.syncs.length, table.news.length, sent.length]).eql([9, 1, 0]);
    open();
    expect(sent.map((message) => decodeMessage(message)?.type)).eql(['hello', 'sync']);
  });

  it('row 110: greeting alone makes no round: a neighbour that repeats its hello gets hellos back, and no sync', () => {
    const { agent, handler, table, sent, open } = stuck();
    open();
    for (let count = 0; count < 100; count++)
      handler.onEvent(agent, { type: 'message', payload: encodeHello({ kind: 'scripted', isAnswerWanted: true }) } as never);
    expect(table.asked.filter((what) => what === 'sync').length).equal(1);
    expect(sent.length).equal(101);
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
        .to.throw(NetworkError, `router-sync: option ${field}`)
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
