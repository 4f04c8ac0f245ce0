/**
 * @module The NAT matrix (USERS 21): each kind of NAT with each, one behind another, and both sides behind the same, in virtual time; the campaign
 * `nat-matrix` has it with many seeds.
 */
import { expect } from 'chai';
import { FEW_MEETINGS, meet } from './matrix.js';

describe('the NAT matrix', () => {
  for (const { name, sides, options, way } of FEW_MEETINGS) {
    const path = way === 'relayed' ? 'relayed' : 'direct';
    it(`${name}: connected at once, and ${path} in the end (TH-27, USERS 21)`, async () => {
      const met = await meet(...sides, options);
      expect(met.connectedMs).to.be.below(3_000);
      expect(met.paths, met.reasons.join('; ')).to.deep.equal([path, path]);
    });
  }
});
