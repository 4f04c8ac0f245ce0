/** @module Tests of the token bucket. */
import { expect } from 'chai';
import fc from 'fast-check';
import { TokenBucket } from '../../../core/structures/token-bucket.js';

describe('token bucket', () => {
  it('gives its capacity at once and its rate in the long run', () => {
    const bucket = new TokenBucket(10, 2, 1_000);
    expect([bucket.take(4, 1_000), bucket.take(100, 1_000), bucket.take(1, 1_000)]).to.deep.equal([4, 6, 0]);
    expect([bucket.take(5, 1_499), bucket.take(5, 1_500), bucket.take(5, 2_500)]).to.deep.equal([0, 1, 2]);
    expect(bucket.take(100, 1_000_000)).to.equal(10);
    expect(bucket.take(1, 5), 'a clock that goes back gives nothing').to.equal(0);
  });

  it('never gives more than capacity and time allow', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(50), fc.nat(400))), (steps) => {
        const bucket = new TokenBucket(20, 5, 0);
        let [nowMs, taken] = [0, 0];
        for (const [count, passedMs] of steps) {
          nowMs += passedMs;
          taken += bucket.take(count, nowMs);
        }
        expect(taken).to.be.at.most(20 + (nowMs * 5) / 1_000);
      }),
    );
  });
});
