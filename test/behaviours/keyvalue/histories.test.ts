/**
 * @module Histories of one map under faults, judged by the exported checker: crashes, restarts with and without storage, partitions, and clocks
 * that jump by years.
 */
import { expect } from 'chai';
import { checkMapHistory } from '../../../testing/index.js';
import { HistoryRun } from './histories.js';

describe('keyvalue under faults keeps its contract', () => {
  for (const seed of [1, 2, 3, 4, 5, 6])
    it(`seed ${seed}: crashes, restarts, partitions, clocks that jump (ATM-74)`, async function () {
      this.timeout(60_000);
      const history = await new HistoryRun({ seed }).run();
      expect(checkMapHistory(history)).to.deep.equal([]);
      const written = history.records.filter((record) => record.type === 'operation' && record.outcome.type === 'written');
      expect(written.length).to.be.at.least(60);
    });

  it('also where an owner is deposed while it takes over: what its side has lost is an event of the watches on the other', async function () {
    this.timeout(60_000);
    const history = await new HistoryRun({ seed: 26, partitions: 8, crashes: 0, paceMs: 80, operations: 800 }).run();
    expect(checkMapHistory(history)).to.deep.equal([]);
  });
});
