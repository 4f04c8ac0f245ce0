/**
 * @module The records that a node keeps for others: nobody but time ends them, and nobody gets more room than is theirs.
 */
import { expect } from 'chai';
import { RecordStore, STORE_LIMITS, type StoreWish } from '../../../../behaviours/spacer/values/record-store.js';
import type { NodeId } from '../../../../core/index.js';
import { SeededRandom } from '../../../../testing/conformance/check-tools.js';

describe('the record store of a spacer', () => {
  const random = new SeededRandom(60);
  const value = new Uint8Array(1);
  const wish = (source: string | undefined, key: NodeId = random.nodeId(), ttlMs = 1_000): StoreWish => ({
    record: { kind: 0, key, author: undefined, seq: 0, value, isList: false, bytes: value },
    ...{ source: source as NodeId | undefined, ttlMs, expected: undefined },
  });

  it('keeps a record for as long as it was promised, also if somebody else puts it for a shorter time (row 60)', () => {
    const store = new RecordStore();
    const key = random.nodeId();
    store.put(wish('author', key, 60_000), 0);
    expect(store.put(wish('other', key, 0), 10)).to.equal(undefined);
    expect(store.get(key, 11)).to.have.lengthOf(1);
    expect(store.get(key, 59_999)).to.have.lengthOf(1);
    expect(store.get(key, 60_000)).to.deep.equal([]);
    store.put(wish('author', key, 60_000), 60_000);
    expect(store.put(wish('other', key, 90_000), 60_000)).to.equal(undefined);
    expect(store.get(key, 149_999)).to.have.lengthOf(1);
  });

  it('gives a source no more room by putting again what others have put (row 60)', () => {
    const store = new RecordStore();
    const full = () => Array.from({ length: STORE_LIMITS.perSourceMax }, () => wish('a'));
    const first = full();
    for (const one of first) expect(store.put(one, 0)).to.equal(undefined);
    for (const { record } of first) expect(store.put(wish('b', record.key), 0)).to.equal(undefined);
    // Now `b` has them all, and `a` has room again; `b` has none to take those over, too.
    for (const one of full()) {
      expect(store.put(one, 0)).to.equal(undefined);
      expect(store.put(wish('b', one.record.key), 0)).to.equal(undefined);
    }
    expect(store.put(wish('a'), 0)).to.equal('full');
    expect(store.put(wish('b'), 0)).to.equal('full');
    expect(store.size).to.equal(2 * STORE_LIMITS.perSourceMax);
  });

  it('gives a source four of the twenty places for the providers of a key, also by putting again (row 60)', () => {
    const store = new RecordStore();
    const key = random.nodeId();
    const provider = (source: string, author = random.nodeId(), ttlMs = 1_000): StoreWish => {
      const all = wish(source, key, ttlMs);
      return { ...all, record: { ...all.record, kind: 2, author } };
    };
    const authors = Array.from({ length: 4 }, () => random.nodeId());
    for (const author of authors) expect(store.put(provider('a', author), 0)).to.equal(undefined);
    expect(store.put(provider('a'), 0)).to.equal('full');
    expect(store.put(provider('a', authors[0]), 0), 'again').to.equal(undefined);
    for (const source of ['b', 'c', 'd', 'e'])
      for (let count = 0; count < 4; count++) expect(store.put(provider(source), 0), source).to.equal(undefined);
    expect(store.put(provider('f'), 0), 'the 21st').to.equal('full');
    expect(store.put(provider('b', authors[0]), 0), 'of another source').to.equal(undefined);
    expect(store.get(key, 999)).to.have.lengthOf(20);
    for (let count = 0; count < 4; count++) expect(store.put(provider('a'), 1_000)).to.equal(undefined);
    expect(store.put(provider('a'), 1_000)).to.equal('full');
  });

  it('takes back after a restart more than one source may bring, and has room for every source then', () => {
    const store = new RecordStore();
    for (let count = 0; count < STORE_LIMITS.perSourceMax + 1; count++) expect(store.put(wish(undefined), 0)).to.equal(undefined);
    expect(store.put(wish('self'), 0)).to.equal(undefined);
    expect(store.size).to.equal(STORE_LIMITS.perSourceMax + 2);
    store.expire(1_000);
    expect(store.size).to.equal(0);
  });
});
