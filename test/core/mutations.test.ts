/**
 * @module Mutations: a short run of the campaign (row 85), and the proof that it finds what it looks for.
 */
import { expect } from 'chai';
import { MUTATION_TARGETS, type MutationTarget } from '../campaigns/mutation-targets.js';
import { runCampaign } from '../campaigns/mutations.js';

const COUNT = 10_000;

describe('mutations', () => {
  for (const [index, target] of MUTATION_TARGETS.entries()) {
    it(`row 85: ${COUNT} mutations of ${target.name}: no throw, no hang over 50 ms, no pollution`, () => {
      const report = runCampaign([target], COUNT, 85 + index);
      expect(report.findings).to.deep.equal([]);
      expect(report.inputCount).to.equal(COUNT);
    });
  }

  it('reports a decoder that throws, one that is wrong, one that changes its input and one that pollutes', () => {
    const corpus = [Uint8Array.of(1, 2, 3)];
    const bad: readonly (readonly [problem: string, target: MutationTarget])[] = [
      ['it threw Error: mine', { name: 'a', corpus, decode: () => expectNothing() }],
      ['not so', { name: 'b', corpus, decode: () => 1, verify: () => 'not so' }],
      ['the input was changed', { name: 'c', corpus: [new Uint8Array(9).fill(1)], decode: (bytes) => bytes.fill(0xee, 0, 5) }],
      ['Object.prototype has polluted', { name: 'd', corpus, decode: () => Object.assign(Object.prototype, { polluted: 1 }) }],
    ];
    for (const [problem, target] of bad) {
      const report = runCampaign([target], 20, 1);
      Reflect.deleteProperty(Object.prototype, 'polluted');
      expect(report.findings.map((finding) => finding.problem)).to.include(problem);
    }
  });

  it('gives the same inputs for the same seed and others for another', () => {
    const inputsOf = (seed: number): string[] => {
      const inputs: string[] = [];
      runCampaign([{ name: 'a', corpus: [new Uint8Array(20)], decode: (bytes) => inputs.push(bytes.join()) }], 100, seed);
      return inputs;
    };
    expect(inputsOf(7)).to.deep.equal(inputsOf(7));
    expect(inputsOf(7)).to.not.deep.equal(inputsOf(8));
    expect(new Set(inputsOf(7)).size).to.be.greaterThan(80);
  });
});

function expectNothing(): never {
  throw new Error('mine');
}
