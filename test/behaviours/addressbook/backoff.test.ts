/** @module Tests of waits, budgets, buckets and bits: the small structures of the address book. */
import { expect } from 'chai';
import fc from 'fast-check';
import { BACKOFF_DEFAULTS, nextBackoffMs, waitMs } from '../../../behaviours/addressbook/backoff.js';
import { BitSet } from '../../../behaviours/addressbook/bit-set.js';
import { DIAL_BUDGET, DialBudget } from '../../../behaviours/addressbook/dial-budget.js';
import { Quota } from '../../../behaviours/addressbook/quota.js';
import { Slots } from '../../../behaviours/addressbook/slots.js';
import { TokenBucket } from '../../../behaviours/addressbook/token-bucket.js';

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

describe('bit set', () => {
  it('is a set', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(300))), (steps) => {
        const [bits, set] = [new BitSet(), new Set<number>()];
        for (const [isAdded, index] of steps) {
          if (isAdded) bits.add(index);
          else bits.delete(index);
          if (isAdded) set.add(index);
          else set.delete(index);
        }
        for (let index = 0; index <= 301; index++) expect(bits.has(index)).to.equal(set.has(index));
      }),
    );
  });
});

describe('slots', () => {
  it('are used again only after whoever keeps sets of them has taken note', () => {
    const slots = new Slots();
    expect([slots.take(), slots.take()]).to.deep.equal([0, 1]);
    slots.giveBack(0);
    expect(slots.take()).to.equal(2);
    expect(slots.takeRetired()).to.deep.equal([0]);
    expect(slots.takeRetired()).to.deep.equal([]);
    expect([slots.take(), slots.take()]).to.deep.equal([0, 3]);
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
