/** @module Mutations against a live node: a short run of the campaign (row 85), and the proof that each target reaches what it aims at. */
import { expect } from 'chai';
import { networkTargets } from '../campaigns/hostile-mutations.js';
import { runCampaign } from '../campaigns/mutations.js';

const COUNT = 1_500;

describe('mutations against a live node', () => {
  for (const [index, target] of networkTargets().entries()) {
    it(`row 85: ${COUNT} mutations of ${target.name}: no throw, no fault, no hang over 50 ms, nothing left, no stranger proven`, () => {
      const report = runCampaign([target], COUNT, 850 + index);
      expect(report.findings).to.deep.equal([]);
      expect(report.inputCount).to.equal(COUNT);
    });
  }
});
