/** @module How many signatures of records are checked, for whom, and what a forged one costs. */
import { expect } from 'chai';
import { parseAddress } from '../../../core/index.js';
import { SIGNATURE_LIMITS, SignatureBudget } from '../../../core/security/signature-budget.js';
import { idOf } from '../../behaviours/addressbook/support.js';

const L = SIGNATURE_LIMITS;
const from = (name: string, host: string) => ({ nodeId: idOf(name), remoteAddress: parseAddress(`tcp://${host}:7400`) });

/** How many of `count` checks are granted. */
function granted(budget: SignatureBudget, host: string, count: number, nowMs: number, name = 'ann'): number {
  return Array.from({ length: count }).filter(() => budget.takeCheck(from(name, host), nowMs)).length;
}

describe('kind 14, row 104: the budget of signature checks', () => {
  it('grants a neighbour 4,096 claims at once and 32 a second, whatever its address, and another one its own', () => {
    const budget = new SignatureBudget();
    const take = (name: string, host: string, nowMs: number) => budget.takeClaims(from(name, host), 5_000, nowMs);
    expect([take('ann', '1.2.3.4', 0), take('ann', '5.6.7.8', 1_000), take('ben', '1.2.3.4', 1_000)]).to.deep.equal([4_096, 32, 4_096]);
  });

  it('grants one address 1,024 checks at once and 128 a second, whoever is there', () => {
    const budget = new SignatureBudget();
    const counts = [granted(budget, '1.2.3.4', 1_100, 0), granted(budget, '1.2.3.4', 500, 1_000, 'ben')];
    expect(counts).to.deep.equal([L.placeChecksAtOnce, L.placeChecksPerSecond]);
  });

  it('counts a /64 of IPv6 as one address, and the next one apart', () => {
    const budget = new SignatureBudget();
    expect(granted(budget, '[2001:db8:0:1::1]', 1_024, 0)).to.equal(1_024);
    expect(granted(budget, '[2001:db8:0:1:ffff::1]', 10, 100)).to.equal(10);
    expect(granted(budget, '[2001:db8:0:1:eeee::1]', 10, 100)).to.equal(2);
    expect(granted(budget, '[2001:db8:0:2::1]', 10, 100)).to.equal(10);
  });

  it('grants all together 1,024 at once and 1,000 a second', () => {
    const budget = new SignatureBudget();
    const all = (nowMs: number) => [1, 2, 3, 4].reduce((sum, last) => sum + granted(budget, `1.2.3.${last}`, 512, nowMs), 0);
    expect([all(0), all(1_000), all(1_001)]).to.deep.equal([1_024, 1_000, 1]);
  });

  it('grants what other limits say', () => {
    const budget = new SignatureBudget({ ...L, placeChecksAtOnce: 3, forgeryChecks: 2 });
    expect(granted(budget, '1.2.3.4', 5, 0)).to.equal(3);
    budget.forged(from('ann', '9.9.9.9'), 0);
    expect(granted(budget, '9.9.9.9', 5, 0)).to.equal(1);
  });

  it('takes away what a forger may claim, and 64 checks of its address, of others nothing', () => {
    const budget = new SignatureBudget();
    budget.forged(from('ann', '1.2.3.4'), 0);
    const claims = (name: string, nowMs: number) => budget.takeClaims(from(name, '1.2.3.4'), 10, nowMs);
    expect([claims('ann', 0), claims('ben', 0), claims('ann', 128_000), claims('ann', 128_500)]).to.deep.equal([0, 10, 0, 10]);
    expect([granted(budget, '1.2.3.4', 1_024, 0), granted(budget, '9.9.9.9', 64, 0)]).to.deep.equal([960, 64]);
  });
});
