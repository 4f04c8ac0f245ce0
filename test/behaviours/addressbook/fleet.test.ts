/** @module Sixteen nodes in four processes on real TCP, each given one seed (S2, S3; row 95); the campaign has sixty and five rounds. */
import { expect } from 'chai';
import { runFleet } from './fleet.js';

describe('nodes in four processes, each given one seed', () => {
  it('S2, S3: are a full mesh, and again after every third was killed and revived, with one link each and nothing left', async () => {
    const report = await runFleet({ nodes: 16, processes: 4, rounds: 1, timeoutMs: 40_000 });
    expect(report.faults).to.deep.equal([]);
    expect(report.healedMs).to.have.length(1);
  }).timeout(300_000);
});
