/**
 * @module Histories of calls under loss, cuts, crashes and reconnects keep to the contract of docs/rpc.md (row 82), and a checker that finds nothing there
 * finds every mutant. `HISTORY_SEED` begins elsewhere; ten thousands of calls are `dist/test/campaigns/call-history.js`.
 */
import { expect } from 'chai';
import { recordHistory } from './history-world.js';
import { MUTANTS } from './mutants.js';
import { leftovers } from './support.js';

const SEED = process.env['HISTORY_SEED'] ?? 'history';
const CALLS = 1_500;
const MUTANT_CALLS = 500;

describe('rpc histories', () => {
  it('row 82: under loss, cuts, crashes and reconnects every call ends once, in time, and is done at most once', async function () {
    this.timeout(60_000);
    const { history, nodes, stop } = await recordHistory({ seed: SEED, callCount: CALLS });
    expect(history.violations()).to.deep.equal([]);
    expect(history.size).to.equal(CALLS);
    const counts = history.counts();
    expect(counts.get('ok'), 'answered').to.be.above(CALLS / 2);
    expect([...counts.keys()]).to.include.members(['RPC_TIMEOUT', 'RPC_PEER_GONE']);
    expect(leftovers(...nodes)).to.equal(0);
    await stop();
  });

  for (const [name, mutate] of Object.entries(MUTANTS)) {
    it(`a mutant is found: ${name}`, async function () {
      this.timeout(60_000);
      const undo = mutate();
      try {
        const { history, stop } = await recordHistory({ seed: SEED, callCount: MUTANT_CALLS, disturbMs: 200 });
        expect(history.violations()).to.not.deep.equal([]);
        await stop();
      } finally {
        undo();
      }
    });
  }
});
