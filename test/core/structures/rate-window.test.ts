/** @module RateWindow against a count of all times. */
import { expect } from 'chai';
import fc from 'fast-check';
import { RateWindow } from '../../../core/structures/rate-window.js';

describe('RateWindow', () => {
  it('allows so many times within any window, and again as the oldest one leaves it', () => {
    const window = new RateWindow(100);
    expect([window.take(2, 0), window.take(2, 50), window.take(2, 99), window.has(2, 99)]).to.deep.equal([true, true, false, false]);
    expect([window.take(2, 100), window.take(2, 149), window.take(2, 150)]).to.deep.equal([true, false, true]);
    expect([window.isEmpty(249), window.isEmpty(250)]).to.deep.equal([false, true]);
  });

  it('allows nothing for a bound of 0', () => {
    expect(new RateWindow(100).take(0, 0)).to.equal(false);
  });

  it('never allows more than the bound within any window, and refuses nothing below it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat(40), { maxLength: 100 }), (countMax, gaps) => {
        const window = new RateWindow(100);
        const taken: number[] = [];
        let nowMs = 0;
        for (const gap of gaps) {
          nowMs += gap;
          const recent = taken.filter((timeMs) => timeMs > nowMs - 100).length;
          expect(window.take(countMax, nowMs)).to.equal(recent < countMax);
          if (recent < countMax) taken.push(nowMs);
        }
      }),
    );
  });
});
