/**
 * @module The NAT matrix (USERS 21): each kind of NAT with each, in virtual time; the campaign `nat-matrix` has it with many seeds.
 */
import { expect } from 'chai';
import { mayBeDirect, meet, PAIRS } from './matrix.js';

describe('the NAT matrix', () => {
  for (const [one, other] of PAIRS) {
    const path = mayBeDirect(one, other) ? 'direct' : 'relayed';
    it(`${one} with ${other}: connected at once, and ${path} in the end (TH-27, USERS 21)`, async () => {
      const met = await meet(one, other);
      expect(met.connectedMs).to.be.below(3_000);
      expect(met.paths, met.reasons.join('; ')).to.deep.equal([path, path]);
    });
  }
});
