/** @module Tests of SeenSet: what it remembers and forgets, against a list that keeps everything, and what an entry costs (row 103). */
import { expect } from 'chai';
import fc from 'fast-check';
import { SeenSet } from '../../../core/index.js';

/** The ids of those that are still known. */
function known(seen: SeenSet, ids: readonly string[], nowMs: number): string {
  return ids.filter((id) => seen.has(id, nowMs)).join('');
}

describe('a seen-set', () => {
  it('takes an id once, for half of its age at least and for all of it at most', () => {
    const seen = new SeenSet({ countMax: 200, ageMaxMs: 60 });
    expect([seen.add('a', 100), seen.add('b', 129), seen.add('a', 129)]).to.deep.equal([true, true, false]);
    expect(known(seen, ['a', 'b'], 159)).to.equal('ab');
    expect(known(seen, ['a', 'b'], 160)).to.equal('');
    expect(seen.add('a', 160)).to.equal(true);
  });

  it('forgets nothing more than was due however late it is asked', () => {
    const seen = new SeenSet({ countMax: 200, ageMaxMs: 60 });
    seen.add('a', 0);
    seen.add('b', 29);
    seen.add('c', 45);
    expect(known(seen, ['a', 'b', 'c'], 60)).to.equal('c');
    expect(known(seen, ['c'], 89)).to.equal('c');
    expect(known(seen, ['c'], 90)).to.equal('');
  });

  it('holds so many at most: a full generation makes room by forgetting the one before', () => {
    const seen = new SeenSet({ countMax: 4, ageMaxMs: 1_000 });
    for (const id of ['a', 'b', 'c', 'd']) seen.add(id, 0);
    expect([seen.size, known(seen, ['a', 'b', 'c', 'd'], 0)]).to.deep.equal([4, 'abcd']);
    seen.add('d', 0);
    expect(seen.size).to.equal(4);
    seen.add('e', 0);
    expect([seen.size, known(seen, ['a', 'b', 'c', 'd', 'e'], 0)]).to.deep.equal([3, 'cde']);
  });

  it('says when it wants to forget, and forgets then without being asked for an id', () => {
    const seen = new SeenSet({ countMax: 4, ageMaxMs: 60 });
    expect(seen.nextDueMs).to.equal(Number.POSITIVE_INFINITY);
    seen.add('a', 100);
    expect(seen.nextDueMs).to.equal(130);
    seen.expire(129);
    expect([seen.size, seen.nextDueMs]).to.deep.equal([1, 130]);
    seen.expire(130);
    expect([seen.size, seen.nextDueMs]).to.deep.equal([1, 160]);
    seen.expire(160);
    expect([seen.size, seen.nextDueMs]).to.deep.equal([0, Number.POSITIVE_INFINITY]);
  });

  it('knows since when it has forgotten nothing', () => {
    const seen = new SeenSet({ countMax: 6, ageMaxMs: 200 });
    seen.expire(1_000);
    seen.add('a', 9_000);
    expect([seen.completeSinceMs, seen.has('a', 9_199), seen.completeSinceMs]).to.deep.equal([
      Number.NEGATIVE_INFINITY,
      true,
      Number.NEGATIVE_INFINITY,
    ]);
    seen.expire(9_200);
    expect(seen.completeSinceMs).to.equal(9_100);
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) seen.add(id, 9_500);
    expect(seen.completeSinceMs).to.equal(9_500);
  });

  it('keeps its promises in any order of additions and pauses', () => {
    const steps = fc.array(fc.record({ id: fc.integer({ min: 0, max: 30 }), pauseMs: fc.nat(40) }), { maxLength: 120 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 8 }), (list, half) => {
        const seen = new SeenSet({ countMax: 2 * half, ageMaxMs: 100 });
        const added: { readonly id: string; readonly atMs: number }[] = [];
        let nowMs = 0;
        for (const { id: number, pauseMs } of list) {
          nowMs += pauseMs;
          const id = `${number}`;
          const before = added.findLast((other) => other.id === id);
          const isNew = seen.add(id, nowMs);
          if (before !== undefined) {
            const ageMs = nowMs - before.atMs;
            const youngerCount = added.length - 1 - added.indexOf(before);
            if (ageMs >= 100) expect(isNew).to.equal(true);
            if (ageMs < 50 && youngerCount < half) expect(isNew).to.equal(false);
            if (isNew) expect(seen.completeSinceMs).to.be.at.least(before.atMs);
          } else expect(isNew).to.equal(true);
          if (isNew) added.push({ id, atMs: nowMs });
          expect(seen.size).to.be.at.most(2 * half);
          expect(seen.nextDueMs).to.be.within(nowMs, nowMs + 50);
          const lasting = added.filter(({ atMs }) => atMs > seen.completeSinceMs);
          for (const { id: kept } of lasting) expect(seen.has(kept, nowMs)).to.equal(true);
        }
      }),
    );
  });

  it('row 103: an id at the bound costs at most three times what one with 1,000 does', () => {
    const full = new SeenSet({ countMax: 65_536, ageMaxMs: 60_000 });
    for (let index = 0; index < 200_000; index++) full.add(idOf(index), 0);
    let [few, atTheBound] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < 31; round++) {
      few = Math.min(few, costOf(new SeenSet({ countMax: 65_536, ageMaxMs: 60_000 }), round));
      atTheBound = Math.min(atTheBound, costOf(full, round));
    }
    expect(atTheBound / few).to.be.at.most(3);
  });
});

const PER_ROUND = 1_000;

/** What 1,000 further ids take, made as they come, in CPU time of this process; other programs add to some rounds, never to the least. */
function costOf(seen: SeenSet, round: number): number {
  const before = process.cpuUsage();
  for (let index = 0; index < PER_ROUND; index++) seen.add(idOf(1_000_000 + round * PER_ROUND + index), 0);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function idOf(index: number): string {
  return `${index.toString(16).padStart(64, '0')}64.${index}`;
}
