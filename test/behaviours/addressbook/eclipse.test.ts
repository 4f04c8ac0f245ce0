/** @module Row 49: 500 identities from two networks want all of a node's slots; the campaign has 20,000 of them for a day. */
import { expect } from 'chai';
import { besiege } from './eclipse.js';

describe('row 49: 500 identities of two networks', () => {
  it('get no more than half of the connections that a node chooses, also over its restart', async () => {
    const report = await besiege({ seed: 1, attackers: 4, ghosts: 125, hours: 0.2 });
    for (const share of [...report.shares, report.restartedShare]) expect(share).to.be.at.least(0.5);
    expect(report.restartedCount).to.be.within(4, 8);
    expect(report.known, 'it was told of them').to.be.above(450);
  }).timeout(300_000);
});
