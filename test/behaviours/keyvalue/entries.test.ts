/**
 * @module Entries: revisions, what is held of a key, and how two holders merge. The order of merging does not matter.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { type Entry, follows, LINEAGE_MAX, lineageOf, readEntry, writeEntry } from '../../../behaviours/keyvalue/entries/entry.js';
import { MapState, sizeOf } from '../../../behaviours/keyvalue/entries/map-state.js';
import { branchOf, isRevision, NONE, readRevision, revisionOf, writeRevision } from '../../../behaviours/keyvalue/entries/revision.js';
import { ByteReader, ByteWriter, type NodeId } from '../../../core/index.js';

const A = '00000000000000aa';
const B = '00000000000000bb';
const NODE = 'ab'.repeat(32) as NodeId;

function entry(key: string, revision: string, more: Partial<Entry> = {}): Entry {
  const base = { key, value: Uint8Array.of(1), revision, previous: NONE, lineage: [], source: NODE, writer: A };
  return { ...base, isExpired: false, dueMs: Number.POSITIVE_INFINITY, ...more };
}

describe('revision', () => {
  it('compares by epoch, then counter, then instance (ATM-74, DESIGN 10)', () => {
    const order = [revisionOf(1, 9, B), revisionOf(2, 1, B), revisionOf(2, 2, A), revisionOf(2, 2, B), revisionOf(16, 0, A)];
    expect([...order].sort()).to.deep.equal(order);
    expect(order.every((one) => isRevision(one) && one > NONE)).to.equal(true);
    expect(isRevision(NONE.slice(1))).to.equal(false);
    expect(isRevision(`${NONE.slice(1)}G`)).to.equal(false);
  });

  it('travels in 18 bytes', () => {
    const writer = new ByteWriter();
    const revision = revisionOf(0xfff0_0000, 2 ** 48 - 1, 'fedcba9876543210');
    writeRevision(writer, revision);
    expect(writer.length).to.equal(18);
    expect(readRevision(new ByteReader(writer.written))).to.equal(revision);
  });
});

describe('entry', () => {
  const written = (one: Entry, nowMs = 100) => {
    const writer = new ByteWriter();
    writeEntry(writer, one, nowMs);
    return writer.copy();
  };
  const read = (bytes: Uint8Array, nowMs = 5_000) => {
    const reader = new ByteReader(bytes);
    const one = readEntry(reader, nowMs);
    return reader.isComplete ? one : undefined;
  };

  it('travels with what is left of its time, not with the time at which that ends', () => {
    const one = entry('k', revisionOf(3, 4, A), { lineage: [revisionOf(2, 1, B)], dueMs: 1_100 });
    expect(read(written(one))).to.deep.equal({ ...one, dueMs: 6_000 });
    const deleted = entry('k', revisionOf(3, 5, A), { value: undefined, isExpired: true, dueMs: 200 });
    expect(read(written(deleted))).to.deep.equal({ ...deleted, dueMs: 5_100 });
  });

  it('refuses what is none: cut at every byte, one byte more, too long, wrong flags (row 53)', () => {
    const bytes = written(entry('key', revisionOf(1, 1, A), { dueMs: 500 }));
    for (let end = 0; end < bytes.length; end++) expect(read(bytes.slice(0, end)), `${end}`).to.equal(undefined);
    expect(read(Uint8Array.of(...bytes, 0))).to.equal(undefined);
    expect(read(written(entry('k', NONE)))).to.equal(undefined);
    expect(read(written(entry('', revisionOf(1, 1, A))))).to.equal(undefined);
    expect(read(written(entry('k'.repeat(256), revisionOf(1, 1, A))))).to.not.equal(undefined);
    expect(read(written(entry('k'.repeat(257), revisionOf(1, 1, A))))).to.equal(undefined);
    const long = Array.from({ length: LINEAGE_MAX + 1 }, (_, index) => revisionOf(index + 1, 1, B));
    expect(read(written(entry('k', revisionOf(99, 1, A), { lineage: long.slice(1) })))).to.not.equal(undefined);
    expect(read(written(entry('k', revisionOf(99, 1, A), { lineage: long })))).to.equal(undefined);
    bytes[0] = 8;
    expect(read(bytes)).to.equal(undefined);
  });

  it('never throws for what a remote sent', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        read(bytes);
      }),
      { numRuns: 2_000, seed: 7 },
    );
  });

  it('follows what came before it in its own branches, and nothing of others', () => {
    const first = entry('k', revisionOf(1, 5, A));
    const second = entry('k', revisionOf(2, 1, B), { lineage: lineageOf(first) });
    const third = entry('k', revisionOf(2, 2, B), { lineage: lineageOf(second, [], branchOf(revisionOf(2, 2, B))) });
    expect(third.lineage).to.deep.equal([first.revision]);
    for (const one of [second, third]) {
      expect(follows(one, revisionOf(1, 5, A))).to.equal(true);
      expect(follows(one, revisionOf(1, 4, A))).to.equal(true);
      expect(follows(one, revisionOf(1, 6, A))).to.equal(false);
      expect(follows(one, revisionOf(1, 1, B))).to.equal(false);
    }
  });
});

describe('map state', () => {
  const state = (...entries: readonly Entry[]) => {
    const made = new MapState();
    for (const one of entries) made.merge(one, 0);
    return made;
  };

  it('an older revision changes nothing, and least of all the time that a value has left (ATM-74 BUG)', () => {
    const made = state(entry('k', revisionOf(1, 2, A), { dueMs: 1_000 }));
    expect(made.merge(entry('k', revisionOf(1, 1, A), { dueMs: 9_000 }), 0)).to.deep.equal({ isNews: false });
    expect(made.get('k')?.dueMs).to.equal(1_000);
    expect(made.takeDue(999)).to.have.lengthOf(0);
    expect(made.takeDue(1_000).map(({ key }) => key)).to.deep.equal(['k']);
  });

  it('of two branches the higher wins, and the other one has lost; what was overwritten has not', () => {
    const base = entry('k', revisionOf(1, 1, A));
    const left = entry('k', revisionOf(1, 2, A));
    const right = entry('k', revisionOf(2, 1, B), { lineage: [base.revision] });
    for (const [one, other] of [[left, right] as const, [right, left] as const]) {
      const made = state(base, one);
      const { loser } = made.merge(other, 0);
      expect(loser?.lost.revision).to.equal(left.revision);
      expect(made.get('k')?.revision).to.equal(right.revision);
      expect(made.merge(left, 0).loser, 'it is told once').to.equal(undefined);
    }
    expect(state(base).merge(right, 0).loser).to.equal(undefined);
  });

  it('merging gives the same in every order, and so do the digests', () => {
    const one = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      epoch: fc.integer({ min: 1, max: 3 }),
      counter: fc.integer({ min: 1, max: 4 }),
      isA: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 12 }), fc.integer(), (all, salt) => {
        const entries = all.map(({ key, epoch, counter, isA }) => entry(key, revisionOf(epoch, counter, isA ? A : B)));
        const mixed = [...entries].sort((left, right) => (left.revision + salt < right.revision + salt ? 1 : -1)).reverse();
        const [first, second] = [state(...entries), state(...mixed)];
        expect(first.digest).to.equal(second.digest);
        expect(first.usage).to.deep.equal(second.usage);
        for (const key of ['a', 'b', 'c']) expect(first.get(key)?.revision).to.equal(second.get(key)?.revision);
      }),
      { seed: 3 },
    );
  });

  it('gives of every key the last change, in the order in which they came', () => {
    const made = state(entry('a', revisionOf(1, 1, A)), entry('b', revisionOf(1, 2, A)), entry('a', revisionOf(1, 3, A)));
    expect([...made.changesAfter(0)].map((held) => [held.entry.key, held.arrival])).to.deep.equal([
      ['b', 2],
      ['a', 3],
    ]);
    expect([...made.changesAfter(2)].map((held) => held.entry.key)).to.deep.equal(['a']);
    for (let counter = 4; counter < 5_000; counter++) made.put(entry('a', revisionOf(1, counter, A)));
    expect([...made.changesAfter(0)].map((held) => held.entry.key)).to.deep.equal(['b', 'a']);
  });

  it('counts what it holds, and forgets deletions when their time is over', () => {
    const made = state(entry('a', revisionOf(1, 1, A)), entry('b', revisionOf(1, 2, A), { value: undefined, dueMs: 500 }));
    expect(made.usage).to.deep.equal({
      keys: 2,
      bytes: sizeOf({ key: 'a', value: Uint8Array.of(1) }) + sizeOf({ key: 'b', value: undefined }),
    });
    expect(made.takeDue(499)).to.deep.equal([]);
    expect(made.usage.keys).to.equal(2);
    made.takeDue(500);
    expect(made.usage).to.deep.equal({ keys: 1, bytes: sizeOf({ key: 'a', value: Uint8Array.of(1) }) });
    expect(made.usageOf(NODE)).to.deep.equal(made.usage);
    expect(made.merge(entry('b', revisionOf(1, 2, A), { value: undefined, dueMs: 500 }), 500).isNews).to.equal(false);
  });
});
