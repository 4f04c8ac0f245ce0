/** @module Tests of the bit set. */
import { expect } from 'chai';
import fc from 'fast-check';
import { BitSet } from '../../../core/structures/bit-set.js';

describe('bit set', () => {
  it('is a set', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(300))), (steps) => {
        const [bits, set] = [new BitSet(), new Set<number>()];
        for (const [isAdded, index] of steps) {
          if (isAdded) bits.add(index);
          else bits.delete(index);
          if (isAdded) set.add(index);
          else set.delete(index);
        }
        for (let index = 0; index <= 301; index++) expect(bits.has(index)).to.equal(set.has(index));
      }),
    );
  });
});
