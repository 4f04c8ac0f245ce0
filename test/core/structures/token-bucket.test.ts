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

  it('takes all or nothing, and says how long that will last', () => {
    const bucket = new TokenBucket(4, 2, 0);
    expect([bucket.takeAll(5, 0), bucket.takeAll(4, 0), bucket.takeAll(1, 0)]).to.deep.equal([false, true, false]);
    expect([bucket.waitMs(1, 0), bucket.waitMs(1, 100), bucket.waitMs(4, 0), bucket.waitMs(0, 0)]).to.deep.equal([500, 400, 1_900, 0]);
    expect(bucket.waitMs(5, 0)).to.equal(Number.POSITIVE_INFINITY);
    expect([bucket.takeAll(1, 499), bucket.takeAll(1, 500)]).to.deep.equal([false, true]);
  });

  it('lets what cannot be refused run into debt, which is paid first', () => {
    const bucket = new TokenBucket(1, 1, 0);
    bucket.charge(3, 0);
    expect([bucket.take(1, 0), bucket.has(1, 2_999), bucket.has(1, 3_000)]).to.deep.equal([0, false, true]);
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
