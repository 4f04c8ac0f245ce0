/**
 * @module Watches and reads of maps whose owner answers what it likes: what a reader keeps, and how often it asks, is not the owner's to decide.
 */
import { expect } from 'chai';
import { type Entry, writeEntry } from '../../../behaviours/keyvalue/entries/entry.js';
import { writeInstance } from '../../../behaviours/keyvalue/entries/revision.js';
import type { MapAgent, Reply } from '../../../behaviours/keyvalue/host.js';
import { KeyValueBehavior, type KeyValueOptions, type SharedMap, type WatchEvent } from '../../../behaviours/keyvalue/index.js';
import { type Superseded, takeWatch, WATCH, type WatchFields, writeSuperseded } from '../../../behaviours/keyvalue/messages.js';
import { type ByteReader, encodeValue, type NetworkError } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { codeOf, mapOf, World } from './support.js';

const FROM_START = 1;
const IS_MORE = 2;
const KEYS_MAX = 64;

interface Page {
  readonly flags: number;
  readonly entries: readonly Entry[];
  readonly losses?: readonly Superseded[];
}

describe('keyvalue and owners of maps that answer what they like', () => {
  let world: World;
  afterEach(() => world.net.stop());

  /** A map of a reader, whose owner answers the watch number `count` with a page, after `delayMs`. */
  async function attacked(
    pageOf: (count: number, fields: WatchFields) => Page,
    options: KeyValueOptions = { keysMax: KEYS_MAX },
    delayMs = 0,
  ): Promise<{ readonly map: SharedMap<number>; asked: () => number }> {
    world = new World();
    const [owner, reader] = (await world.nodes(2, options)) as [SimulatedNode, SimulatedNode];
    let count = 0;
    const answer = (agent: MapAgent, fields: WatchFields, reply: Reply) => {
      const { flags, entries, losses = [] } = pageOf(count++, fields);
      reply.send(agent, 0, (writer) => {
        writer.u8(flags);
        writeInstance(writer, '1'.repeat(16));
        writer.u48(count).u16(entries.length);
        for (const entry of entries) writeEntry(writer, entry, agent.nowMs);
        writeSuperseded(writer, losses);
      });
    };
    const serve = owner.behavior(KeyValueBehavior)['serve'];
    serve.request = (agent: MapAgent, { op }: { op: number }, from: ByteReader, reply: Reply) => {
      if (op !== WATCH) return reply.send(agent, 3, (writer) => writer.u8(0).u48(0).u48(0));
      const fields = takeWatch(from);
      if (delayMs === 0) return answer(agent, fields, reply);
      agent.after(delayMs, (later) => answer(later, fields, reply));
    };
    for (let index = 0; ; index++) {
      const map = mapOf<number>(reader, `m${index}`);
      if ((await codeOf(world.net.waitFor(map.set('a', 1, { acknowledge: 'owner' })))) === 'LIMIT_EXCEEDED')
        return { map, asked: () => count };
    }
  }

  const entryOf = (key: string, counter = 1, more: Partial<Entry> = {}): Entry => ({
    ...{ key, value: new Uint8Array([1]), previous: '0'.repeat(36), lineage: [], source: '0'.repeat(64) as Entry['source'] },
    ...{ writer: '0'.repeat(16), isExpired: false, dueMs: Number.POSITIVE_INFINITY },
    ...{ revision: `00000001${counter.toString(16).padStart(12, '0')}${'1'.repeat(16)}` },
    ...more,
  });
  /** Sixteen keys in each page, and there is always more. */
  const endless = (count: number): Page => ({
    flags: IS_MORE + (count === 0 ? FROM_START : 0),
    entries: Array.from({ length: 16 }, (_, index) => entryOf(`k${16 * count + index}`)),
  });
  const last = async (watch: AsyncIterable<WatchEvent<number>>, events: WatchEvent<number>[] = []): Promise<NetworkError | undefined> => {
    try {
      for await (const event of watch) events.push(event);
    } catch (error) {
      return error as NetworkError;
    }
    return undefined;
  };

  it('a watch of keys without an end ends with the bound that it has reached (DESIGN 1.7, rows 9, 53)', async () => {
    const { map, asked } = await attacked(endless);
    const error = await world.net.waitFor(last(map.watch({ prefix: '' })));
    expect(error).to.include({ code: 'LIMIT_EXCEEDED' });
    expect(error?.details).to.include({ limit: 'keysMax', maximum: KEYS_MAX, configKey: 'keysMax' });
    await world.net.run(5_000);
    expect(asked()).to.equal(KEYS_MAX / 16 + 1);
  });

  it('a read of entries without an end ends with the bound that it has reached (DESIGN 1.7, rows 9, 53)', async () => {
    const { map, asked } = await attacked(endless);
    const error = await world.net.waitFor(map.entries().catch((thrown: NetworkError) => thrown));
    expect(error).to.include({ code: 'LIMIT_EXCEEDED' });
    expect((error as NetworkError).details).to.include({ limit: 'keysMax', maximum: KEYS_MAX });
    expect(asked()).to.equal(KEYS_MAX / 16 + 1);
  });

  it('as many keys as the bound allows are read and watched', async () => {
    const all = Array.from({ length: KEYS_MAX }, (_, index) => entryOf(`k${index}`));
    const { map } = await attacked(() => ({ flags: FROM_START, entries: all }));
    expect(await world.net.waitFor(map.entries())).to.have.lengthOf(KEYS_MAX);
    const events: WatchEvent<number>[] = [];
    void last(map.watch({ prefix: '' }), events);
    await world.net.run(100);
    expect(events).to.have.lengthOf(KEYS_MAX);
  });

  it('values are bounded in bytes, too (DESIGN 1.7)', async () => {
    const value = encodeValue(new Uint8Array(20_000));
    const { map, asked } = await attacked((count) => ({ flags: IS_MORE, entries: [entryOf(`k${count}`, 1, { value })] }), {
      bytesMax: 65_536,
    });
    const watch = await world.net.waitFor(last(map.watch({ prefix: '' })));
    expect(watch?.details).to.include({ limit: 'bytesMax', maximum: 65_536, configKey: 'bytesMax' });
    expect(asked()).to.equal(4);
    const read = await world.net.waitFor(map.entries().catch((thrown: NetworkError) => thrown));
    expect((read as NetworkError).details).to.include({ limit: 'bytesMax', maximum: 65_536 });
    expect(asked()).to.equal(8);
  });

  it('an account of deletions that are over ends at the bound, although none of them is kept (DESIGN 1.7)', async () => {
    const over = (count: number): Page => {
      const { flags, entries } = endless(count);
      return { flags, entries: entries.map((entry) => ({ ...entry, value: undefined, dueMs: 0 })) };
    };
    const { map, asked } = await attacked(over);
    const error = await world.net.waitFor(last(map.watch({ prefix: '' })));
    expect(error).to.include({ code: 'LIMIT_EXCEEDED' });
    expect(asked()).to.equal(KEYS_MAX / 16 + 1);
  });

  it('keys that come and go while their consumer does not look end the watch at the bound (DESIGN 1.7)', async () => {
    const flicker = (count: number): Page => {
      const key = `k${Math.floor(count / 2)}`;
      const entry = count % 2 === 0 ? entryOf(key) : entryOf(key, 2, { value: undefined, dueMs: 0 });
      return { flags: count === 0 ? FROM_START : 0, entries: [entry] };
    };
    const { map } = await attacked(flicker);
    const watch = map.watch({ prefix: '' });
    await world.net.run(20_000);
    expect(watch.waitingCount).to.be.within(KEYS_MAX, KEYS_MAX + 1);
    expect(await world.net.waitFor(last(watch))).to.include({ code: 'LIMIT_EXCEEDED' });
  });

  it('of lost writes that an owner tells again the last 4,096 are not told again', async () => {
    const { revision: by, source, writer } = entryOf('a');
    const losses = Array.from({ length: 4_097 }, (_, index) => ({ key: `k${index}`, revision: by, by, source, writer }));
    const pages = [losses.slice(0, 4_096), losses.slice(4_096), losses.slice(1)];
    const { map } = await attacked((count) => ({ flags: count === 0 ? FROM_START : 0, entries: [], losses: pages[count] ?? [] }));
    const events: WatchEvent<number>[] = [];
    void last(map.watch({ prefix: '' }), events);
    await world.net.run(20_000);
    expect(events).to.have.lengthOf(4_097);
  });

  it('an owner that answers at once and has no news is asked once a second (DESIGN 1.7)', async () => {
    for (const flags of [0, FROM_START, IS_MORE, FROM_START + IS_MORE]) {
      const { map, asked } = await attacked(() => ({ flags, entries: [entryOf('a')] }));
      map.watch({ prefix: '' });
      await world.net.run(20_000);
      expect(asked(), `flags ${flags}`).to.be.within(15, 30);
      await world.net.stop();
    }
  });

  it('a read of pages that bring nothing new ends with its time, and asks a few times in a second', async () => {
    const { map, asked } = await attacked(() => ({ flags: IS_MORE, entries: [entryOf('a')] }));
    const code = await world.net.waitFor(codeOf(map.entries({ timeoutMs: 2_000 })));
    expect([code, asked() < 20]).to.deep.equal(['NO_REPLICA', true]);
  });

  it('timeoutMs of entries is the time for all pages together', async () => {
    const { map, asked } = await attacked(endless, { keysMax: 65_536 }, 300);
    const before = world.net.nowMs;
    const code = await world.net.waitFor(codeOf(map.entries({ timeoutMs: 1_000 })), 60_000);
    expect(code).to.equal('NO_REPLICA');
    expect(world.net.nowMs - before).to.be.at.most(1_400);
    expect(asked()).to.be.at.most(4);
  });

  it('entries of other keys than those that were asked for are no answer', async () => {
    const { map } = await attacked(() => ({ flags: FROM_START, entries: [entryOf('a'), entryOf('b')] }));
    const events: WatchEvent<number>[] = [];
    void last(map.watch({ key: 'a' }), events);
    void last(map.watch({ prefix: 'b' }), events);
    await world.net.run(1_000);
    expect(events).to.deep.equal([]);
    expect(await world.net.waitFor(codeOf(map.entries({ prefix: 'b', timeoutMs: 1_000 })))).to.equal('NO_REPLICA');
  });
});
