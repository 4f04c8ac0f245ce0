/** @module Tests of the back-off. */
import { expect } from 'chai';
import { BACKOFF_DEFAULTS, nextBackoffMs, waitMs } from '../../../core/structures/back-off.js';

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
});
