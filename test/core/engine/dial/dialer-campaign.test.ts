/** @module USERS 6 in small: two thousand dials with random outcomes and aborts leave nothing. `test/campaigns/dials.ts` has a million. */
import { expect } from 'chai';
import { dialCampaign } from './dial-campaign.js';

describe('two thousand dials with random outcomes and aborts (USERS 6)', () => {
  for (const seed of [1, 2]) {
    it(`settle each once, and every table returns to 0 (seed ${seed})`, async () => {
      const { outcomes, unsettled, left } = await dialCampaign(1_000, seed);
      expect(Object.entries(left).filter(([, count]) => count !== 0)).to.deep.equal([]);
      expect(unsettled).to.equal(0);
      expect(outcomes).to.include.keys(
        'open',
        'CALL_CANCELLED',
        'DIAL_TIMEOUT',
        'HANDSHAKE_FAILED',
        'IDENTITY_MISMATCH',
        'CONNECTION_REFUSED',
      );
    });
  }
});
