/** @module Tests of pacing: what may be made up for, by whom, and how much of it. */
import { expect } from 'chai';
import { Pacing } from '../../../../../core/kits/flow/repaired/pacing.js';

/** How many packets of 1 ms each leave at that time. */
function leaving(pacing: Pacing, nowMs: number): number {
  let count = 0;
  for (; count < 1_000 && pacing.allows(nowMs); count++) pacing.sent(1, nowMs);
  return count;
}

/** One that has used up what it may at 1,000 ms. */
function usedUp(): Pacing {
  const pacing = new Pacing();
  leaving(pacing, 1_000);
  return pacing;
}

describe('pacing', () => {
  it('spreads packets, and lets 5 ms be made up for by who did not wait', () => {
    const pacing = new Pacing();
    expect([leaving(pacing, 1_000), pacing.atMs]).to.deep.equal([6, 1_001]);
    expect([leaving(pacing, 1_000.5), leaving(pacing, 1_001), leaving(pacing, 1_002)]).to.deep.equal([0, 1, 1]);
    const idle = new Pacing();
    idle.sent(1, 1_000);
    expect(leaving(idle, 9_000)).to.equal(6);
  });

  it('lets all of it be made up for by who waited, and was woken late, up to 100 ms', () => {
    expect(leaving(usedUp(), 1_041)).to.equal(41);
    expect(leaving(usedUp(), 9_000)).to.equal(101);
    const pacing = usedUp();
    expect([leaving(pacing, 1_041), pacing.allows(1_041.5), leaving(pacing, 1_043)]).to.deep.equal([41, false, 2]);
  });

  it('once: what is left of it when nothing waits any more is 5 ms', () => {
    const pacing = usedUp();
    expect(pacing.allows(1_041)).to.equal(true);
    for (let count = 0; count < 36; count++) pacing.sent(1, 1_041);
    expect(leaving(pacing, 2_000)).to.equal(6);
  });
});
