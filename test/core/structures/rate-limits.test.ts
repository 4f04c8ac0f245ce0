/** @module RateLimits: each key has its own rate, and the one that was used longest ago is forgotten. */
import { expect } from 'chai';
import { RateLimits } from '../../../core/structures/rate-limits.js';

const RATE = { capacity: 2, perSecond: 1 };

describe('RateLimits', () => {
  it('gives each key its capacity at once, and its rate from then on', () => {
    const limits = new RateLimits<string>(RATE, 8);
    const take = (nowMs: number) => ['ada', 'ada', 'ada', 'bob'].map((key) => limits.takeAll(key, 1, nowMs));
    expect(take(5_000)).to.deep.equal([true, true, false, true]);
    expect(take(5_999)).to.deep.equal([false, false, false, true]);
    expect(take(6_000)).to.deep.equal([true, false, false, true]);
  });

  it('forgets the key that was used longest ago, and no other one', () => {
    const limits = new RateLimits<number>(RATE, 2);
    limits.of(1, 0).charge(2, 0);
    limits.of(2, 0).charge(2, 0);
    expect(limits.takeAll(1, 1, 0)).to.equal(false);
    limits.of(3, 0);
    expect([limits.takeAll(1, 1, 0), limits.takeAll(2, 2, 0)], '2 is new again').to.deep.equal([false, true]);
  });

  it('takes nothing of what it cannot take in full', () => {
    const limits = new RateLimits<number>(RATE, 1);
    expect([limits.takeAll(1, 3, 0), limits.takeAll(1, 2, 0), limits.takeAll(1, 1, 0)]).to.deep.equal([false, true, false]);
  });
});
