/** @module Streams over relays that are slow, that lose and that die: what arrives, what goes twice, and what others notice of it. */
import { expect } from 'chai';
import { type Bed, campaign, mostTwice, SMALL } from './relays.js';
import { leftovers } from './support.js';

const check = (bed: Bed, { isRight, twice, dropped, p99, quietP99 }: Awaited<ReturnType<typeof campaign>>) => {
  expect(isRight, 'bytes').to.equal(true);
  expect(twice, 'sent twice').to.be.at.most(mostTwice(bed, dropped));
  expect(p99 / quietP99, 'p99 of a call, of its quiet value').to.be.at.most(2);
};

describe('row 39, row 109: four streams over one relay whose far link has 1 Mbit/s', function () {
  this.timeout(120_000);
  const done = async (bed: Bed) => {
    const outcome = await campaign(1, SMALL, bed);
    expect(leftovers(...outcome.nodes)).to.equal(0);
    await outcome.sim.stop();
    return outcome;
  };

  it('arrive, 5 % at most go twice, and a call over the relay takes at most twice as long as in the quiet', async () => {
    check('good', await done('good'));
  });

  it('the same while a hostile relay drops 5 % of what it forwards: that alone goes twice', async () => {
    check('hostile', await done('hostile'));
  });

  it('the same when the relay is killed half way, and another path is there', async () => {
    check('killed', await done('killed'));
  });
});
