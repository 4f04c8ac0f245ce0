/** @module SeenSet: what was seen, for a while. */
import { expect } from 'chai';
import { SeenSet } from '../../../core/structures/seen-set.js';

describe('SeenSet', () => {
  it('keeps entries for one to two periods', () => {
    const seen = new SeenSet<string>(30, 100);
    seen.add('a', 0);
    seen.add('b', 29);
    expect([seen.has('a', 30), seen.has('b', 59), seen.has('b', 60), seen.has('a', 61)]).to.deep.equal([true, true, false, false]);
    seen.add('c', 61);
    expect(seen.has('c', 1_000)).to.equal(false);
  });

  it('knows for how long none was forgotten: since the beginning, for a period or more, or as long as there was room', () => {
    const seen = new SeenSet<string>(100, 3);
    seen.begin(1_000);
    expect([seen.coveredMs(1_000), seen.coveredMs(1_150), seen.coveredMs(1_199)]).to.deep.equal([0, 150, 199]);
    expect(seen.coveredMs(1_250)).to.equal(100);
    expect(seen.coveredMs(9_000)).to.equal(100);
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) seen.add(id, 9_010);
    expect([seen.coveredMs(9_010), seen.has('a', 9_010)]).to.deep.equal([0, false]);
    expect(new SeenSet<string>(100, 3).coveredMs(5)).to.equal(0);
  });

  it('is bounded: a full generation makes room by forgetting the one before', () => {
    const seen = new SeenSet<string>(1_000, 2);
    for (const id of ['a', 'b', 'c', 'd', 'e']) seen.add(id, 0);
    expect(['a', 'b', 'c', 'd', 'e'].map((id) => seen.has(id, 0))).to.deep.equal([false, false, true, true, true]);
  });
});
