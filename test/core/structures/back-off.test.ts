/** @module Tests of the back-off. */
import { expect } from 'chai';
import { BACKOFF_DEFAULTS, backoffBoundMs, nextBackoffMs, waitMs } from '../../../core/structures/back-off.js';

describe('waits between dials', () => {
  it('grow 1, 2.5, 6.25, 15.6, 39.1, 60 s and no further (DNDM-35)', () => {
    const bounds: number[] = [];
    for (let bound = 0, round = 0; round < 8; round++) {
      bound = nextBackoffMs(bound, BACKOFF_DEFAULTS);
      bounds.push(Math.round(bound));
    }
    expect(bounds).to.deep.equal([1_000, 2_500, 6_250, 15_625, 39_063, 60_000, 60_000, 60_000]);
  });

  it('are any share of the bound (H-13: full jitter)', () => {
    expect([waitMs(1_000, 0), waitMs(1_000, 0.5), waitMs(60_000, 0.999)]).to.deep.equal([0, 500, 59_940]);
  });

  it('by the number of failures: doubling, after a number of equal ones, or by another factor, never beyond the greatest', () => {
    const bounds = (steps: Parameters<typeof backoffBoundMs>[1], counts: readonly number[]) =>
      counts.map((count) => backoffBoundMs(count, steps));
    const infinite = Number.POSITIVE_INFINITY;
    expect(bounds({ minMs: 1_000, maxMs: 60_000 }, [0, 1, 2, 3, 6, 7, infinite])).to.deep.equal([
      1_000, 1_000, 2_000, 4_000, 32_000, 60_000, 60_000,
    ]);
    const steady = { minMs: 2_000, maxMs: 4_096_000, steadyCount: 6 };
    expect(bounds(steady, [1, 6, 7, 8, 17, 18])).to.deep.equal([2_000, 2_000, 4_000, 8_000, 4_096_000, 4_096_000]);
    expect(bounds({ minMs: 1_000, maxMs: 60_000, growth: 2.5 }, [1, 2, 3, 4, 5, 6])).to.deep.equal([
      1_000, 2_500, 6_250, 15_625, 39_062.5, 60_000,
    ]);
  });
});
