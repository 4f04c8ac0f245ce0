/** @module Tests of budgets and quotas: the small structures of the address book. */
import { expect } from 'chai';
import { Quota } from '../../../behaviours/addressbook/book/quota.js';
import { DIAL_BUDGET, DialBudget } from '../../../behaviours/addressbook/dial/dial-budget.js';

describe('row 46: the budget of unproven dials', () => {
  const HOUR = DIAL_BUDGET.addressWindowMs;

  it('is three an hour for an address', () => {
    const budget = new DialBudget();
    const times = [0, 1, 2, 3, HOUR - 1, HOUR, HOUR + 1, HOUR + 2, HOUR + 3].filter((nowMs) => {
      const isAllowed = budget.allows('a', `host ${nowMs}`, nowMs);
      if (isAllowed) budget.spend('a', `host ${nowMs}`, nowMs);
      return isAllowed;
    });
    expect(times).to.deep.equal([0, 1, 2, HOUR, HOUR + 1, HOUR + 2]);
  });

  it('is ten a minute for a host, whatever the ports', () => {
    const budget = new DialBudget();
    let dials = 0;
    for (let nowMs = 0; nowMs < 180_000; nowMs += 100) {
      if (!budget.allows(`address ${nowMs}`, 'host', nowMs)) continue;
      budget.spend(`address ${nowMs}`, 'host', nowMs);
      dials++;
    }
    expect(dials).to.equal(30);
  });

  it('remembers no more than its bound, refuses there, and forgets what is past', () => {
    const budget = new DialBudget();
    for (let index = 0; index < DIAL_BUDGET.entriesMax; index++) budget.spend(`a${index}`, `h${index}`, 0);
    expect(budget.allows('new', 'h1', 0)).to.equal(false);
    budget.expire(HOUR - 1);
    expect(budget.allows('new', 'new', HOUR - 1)).to.equal(false);
    budget.expire(HOUR);
    expect(budget.allows('new', 'new', HOUR)).to.equal(true);
  });
});

describe('quota', () => {
  it('is counted for sources and for groups, and given back', () => {
    const quota = new Quota(2, 3);
    const claim = (source: string, group?: string) => ({ source, group });
    quota.take(claim('a', 'g'));
    quota.take(claim('a', 'g'));
    expect([quota.hasRoom(claim('a')), quota.hasRoom(claim('b', 'g'))]).to.deep.equal([false, true]);
    quota.take(claim('b', 'g'));
    expect([quota.hasRoom(claim('c', 'g')), quota.hasRoom(claim('c', 'h')), quota.hasRoom(claim('c'))]).to.deep.equal([false, true, true]);
    expect([quota.heaviest, quota.countOf('a'), quota.countOf('c')]).to.deep.equal(['a', 2, 0]);
    quota.release(claim('a', 'g'));
    quota.release(claim('a', 'g'));
    expect([quota.heaviest, quota.hasRoom(claim('a', 'g'))]).to.deep.equal(['b', true]);
    quota.release(claim('b', 'g'));
    expect(quota.heaviest).to.equal(undefined);
  });
});
