/** @module PingHistory: the last sixteen pings of a link. */
import { expect } from 'chai';
import { PingHistory } from '../../../../core/engine/links/ping-history.js';

describe('the history of pings', () => {
  it('gives the time of a ping that is answered, once', () => {
    const pings = new PingHistory();
    pings.add(7, 1_000);
    expect([pings.answer(8), pings.answer(7), pings.answer(7)]).to.deep.equal([undefined, 1_000, undefined]);
    expect([pings.answeredCount, pings.unansweredCount(0, 2_000)]).to.deep.equal([1, 0]);
  });

  it('remembers sixteen, and forgets the answer with the ping', () => {
    const pings = new PingHistory();
    for (let value = 1; value <= 16; value++) pings.add(value, value);
    for (let value = 1; value <= 16; value++) expect(pings.answer(value)).to.equal(value);
    expect(pings.answeredCount).to.equal(16);
    pings.add(17, 17);
    expect([pings.answer(1), pings.answeredCount, pings.unansweredCount(16, 17), pings.unansweredCount(17, 99)]).to.deep.equal([
      undefined,
      15,
      1,
      0,
    ]);
    expect(pings.answer(17)).to.equal(17);
  });

  it('counts what has no answer, later than one time and not after another', () => {
    const pings = new PingHistory();
    for (const sentMs of [10, 20, 30]) pings.add(sentMs, sentMs);
    pings.answer(20);
    expect([pings.unansweredCount(9, 30), pings.unansweredCount(10, 30), pings.unansweredCount(10, 29)]).to.deep.equal([2, 1, 0]);
    pings.clear();
    expect([pings.unansweredCount(0, 99), pings.answer(10)]).to.deep.equal([0, undefined]);
  });
});
