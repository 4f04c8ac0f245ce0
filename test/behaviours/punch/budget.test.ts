/** @module Budget: what a guess of ports that is given up leaves behind. */
import { expect } from 'chai';
import { Budget } from '../../../behaviours/punch/budget.js';
import { nodeIdFromBytes } from '../../../core/index.js';

const HELPER = nodeIdFromBytes(new Uint8Array(32).fill(7));

describe('Budget of probes', () => {
  it('has one host guessed at, then another one as soon as the first is given up, which costs the helper no standing', () => {
    const budget = new Budget();
    for (const host of ['9.9.9.1', '9.9.9.2', '9.9.9.3', '9.9.9.4']) {
      expect(budget.guess(host, HELPER, 1_000)).to.equal(undefined);
      expect(budget.guess('9.9.9.5', HELPER, 1_000)).to.equal('another one is being guessed at');
      budget.stopGuessing();
    }
    expect(budget.guess('9.9.9.1', HELPER, 2_000), 'a host is guessed at once all the same').to.equal('its ports were guessed at lately');
  });

  it('takes guesses that came to nothing from the standing of the helper', () => {
    const budget = new Budget();
    for (const host of ['9.9.9.1', '9.9.9.2']) {
      expect(budget.guess(host, HELPER, 1_000)).to.equal(undefined);
      budget.guessed(HELPER, false, 1_000);
    }
    expect(budget.guess('9.9.9.3', HELPER, 1_000)).to.equal('nothing came of the last two with the help of that node');
  });
});
