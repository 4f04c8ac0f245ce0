/**
 * @module Pubsub while links end and are made anew: the accounts hold, number by number, and stable subscribers get what was published.
 */
import { expect } from 'chai';
import { churnOf } from './churn.js';

describe('pubsub under churn', () => {
  it('100 nodes, a fifth of the links changed each minute: 99.9 % delivered, none twice, none out of order, no number without an account', async function () {
    this.timeout(120_000);
    const options = { count: 100, degree: 4, topics: 20, subscribersPerTopic: 10, share: 0.2, messagesPerSecond: 100 };
    const { published, delivered, missed, faults } = await churnOf({ ...options, seed: 7, churnMs: 30_000 });
    expect(faults).to.deep.equal([]);
    expect([published, delivered + missed]).to.deep.equal([3_000, 30_000]);
    expect(delivered).to.be.at.least(29_970);
  });

  for (const seed of [1, 2, 3, 4, 5])
    it(`20 nodes, links that change every second (seed ${seed}): the accounts hold`, async function () {
      this.timeout(60_000);
      const options = { count: 20, degree: 3, topics: 4, subscribersPerTopic: 6, share: 2, messagesPerSecond: 200 };
      const { published, delivered, faults } = await churnOf({ ...options, seed, churnMs: 15_000 });
      expect(faults).to.deep.equal([]);
      expect(delivered).to.be.at.least(0.9 * 6 * published);
    });
});
