/**
 * @module What a node keeps for others outlives a crash, and is forgotten in time, whatever else the spacer does.
 */

import { expect } from 'chai';
import { PUBLISHED_MAX } from '../../../../behaviours/spacer/values/published.js';
import { NetworkError, type NodeId, type Storage } from '../../../../core/index.js';
import { partsOf, Space, spacerOf } from '../support.js';

/** A disk that may be full. */
class Disk implements Storage {
  isFull = false;
  private saved: Uint8Array | undefined;

  load(name: string): Uint8Array | undefined {
    return name === 'spacer-records' ? this.saved : undefined;
  }

  save(name: string, bytes: Uint8Array, settle?: (error?: NetworkError) => void): void {
    if (this.isFull) return settle?.(new NetworkError('STORAGE_FAILED', 'the disk is full'));
    if (name === 'spacer-records') this.saved = bytes.slice();
    settle?.();
  }

  flush(settled: () => void): void {
    settled();
  }
}

describe('the records that a spacer keeps', () => {
  const value = Uint8Array.of(1, 2, 3);
  let space: Space;
  beforeEach(() => {
    space = new Space({ spacer: { meshLevel: 0, refreshMs: 0 } });
  });
  afterEach(() => space.net.stop());
  const alone = (name: string, storage: Storage) => space.node(name, [], undefined, { storage });

  it('are there again after a crash, also when the disk was full for a while', async () => {
    const disk = new Disk();
    const before = await alone('before', disk);
    disk.isFull = true;
    const { key } = await space.net.waitFor(spacerOf(before).values.put(value));
    await space.net.run(310_000);
    expect(disk.load('spacer-records')).to.equal(undefined);
    disk.isFull = false;
    await space.net.run(300_000);
    space.net.crash(before);
    const after = await alone('after', disk);
    expect(await space.net.waitFor(spacerOf(after).values.get(key))).to.deep.equal(value);
  });

  it('are forgotten in time without any refresh, and do not come back with a restart', async () => {
    const disk = new Disk();
    const node = await alone('node', disk);
    await space.net.waitFor(spacerOf(node).values.provide(spacerOf(node).keyOf('x'), { ttlMs: 350_000 }));
    spacerOf(node).values.unprovide(spacerOf(node).keyOf('x'));
    await space.net.run(310_000);
    expect(disk.load('spacer-records')?.length).to.be.greaterThan(0);
    await space.net.run(300_000);
    expect(disk.load('spacer-records')?.length).to.equal(0);
  });

  it('are put with options that a node can keep, and with no others', async () => {
    const node = await alone('node', new Disk());
    const { values } = spacerOf(node);
    const codeOf = (put: Promise<unknown>) =>
      space.net.waitFor(
        put.then(
          () => 'put',
          ({ code }: NetworkError) => code,
        ),
      );
    for (const wrong of [{ ttlMs: 0 }, { ttlMs: 999 }, { ttlMs: 86_400_001 }, { ttlMs: Number.NaN }, { copies: 0 }, { copies: 33 }]) {
      expect(await codeOf(values.put(value, wrong))).to.equal('OPTION_INVALID');
      expect(await codeOf(values.provide(node.id, wrong))).to.equal('OPTION_INVALID');
      expect(await codeOf(values.putSigned('name', value, wrong))).to.equal('OPTION_INVALID');
    }
    expect(await codeOf(values.putSigned('name', value, { expected: -1 }))).to.equal('OPTION_INVALID');
    for (const right of [{ ttlMs: 1_000 }, { ttlMs: 86_400_000 }, { copies: 1 }, { copies: 32 }])
      expect(await codeOf(values.put(value, right))).to.equal('put');
  });

  it('are not put again when they are withdrawn while they are being put', async () => {
    const node = await alone('node', new Disk());
    const { values } = spacerOf(node);
    const provided = values.provide(node.id, { ttlMs: 20_000 });
    values.unprovide(node.id);
    await space.net.waitFor(provided);
    expect(values.publishedCount).to.equal(0);
    await space.net.run(30_000);
    expect(await space.net.waitFor(values.providers(node.id))).to.deep.equal([]);
    await space.net.waitFor(values.provide(node.id));
    expect(values.publishedCount).to.equal(1);
  });

  it('are at most 16,384 in all, also of puts at the same time, and a put that failed takes no room (row 60)', async () => {
    const node = await alone('node', new Disk());
    const { values } = spacerOf(node);
    const { published } = partsOf(node);
    const room = published.reserve('others', PUBLISHED_MAX - 1);
    const puts = [1, 2].map((byte) => values.put(Uint8Array.of(byte)));
    const ends = await space.net.waitFor(Promise.allSettled(puts));
    expect(ends.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected']);
    expect((ends[1] as PromiseRejectedResult).reason.code).to.equal('LIMIT_EXCEEDED');
    expect(() => published.reserve('one more', 1)).to.throw('16384');
    published.release(room);
    expect(values.publishedCount).to.equal(1);
    expect(await space.net.waitFor(values.put(Uint8Array.of(2)))).to.include({ stored: 1 });
  });

  it('are put again although the lookup for one of them fails', async () => {
    const node = await alone('node', new Disk());
    const { values, counters } = spacerOf(node);
    const [first, second] = ['00', 'ff'].map((byte) => byte.repeat(32)) as [NodeId, NodeId];
    for (const key of [first, second]) await space.net.waitFor(values.provide(key, { ttlMs: 20_000 }));
    const { finder } = partsOf(node);
    const find = finder.find.bind(finder);
    const failing: typeof find = (key, ...rest) => (key === first ? Promise.reject(new Error('LOOKUP_DEADLINE')) : find(key, ...rest));
    Object.assign(finder, { find: failing });
    await space.net.run(60_000);
    Object.assign(finder, { find });
    expect(await space.net.waitFor(values.providers(first))).to.deep.equal([]);
    expect(await space.net.waitFor(values.providers(second))).to.deep.equal([node.id]);
    expect(spacerOf(node).counters.renewalsFailed).to.be.greaterThan(counters.renewalsFailed);
  });

  it('that last long are not put again as often as those that do not', async () => {
    const node = await alone('node', new Disk());
    const { values } = spacerOf(node);
    const puts = [...Array(20).keys()].map((byte) => values.put(Uint8Array.of(byte), { ttlMs: byte === 0 ? 10_000 : 1_000_000 }));
    await space.net.waitFor(Promise.all(puts));
    // Alone, a node looks each key up by itself.
    const before = spacerOf(node).counters.lookupsStarted;
    await space.net.run(600_000);
    expect(spacerOf(node).counters.lookupsStarted - before).to.equal(19 + 120);
  });

  it('are put again although one of them is refused by all', async () => {
    const node = await alone('node', new Disk());
    const { values, counters } = spacerOf(node);
    const provided = 'ff'.repeat(32) as NodeId;
    await space.net.waitFor(values.provide(provided, { ttlMs: 20_000 }));
    // The one that comes before it by its key was replaced from elsewhere.
    const { published, act } = partsOf(node);
    const broken = { key: '00'.repeat(32) as NodeId, record: Uint8Array.of(9), ttlMs: 20_000 };
    act((agent) => published.set(agent, published.reserve('broken', 1), [broken]));
    await space.net.run(60_000);
    expect(await space.net.waitFor(values.providers(provided))).to.deep.equal([node.id]);
    expect(spacerOf(node).counters.renewalsFailed).to.be.greaterThan(counters.renewalsFailed);
  });
});
