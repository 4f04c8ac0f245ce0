/** @module FewSet: the same as a Set, with few members and with many. */
import { expect } from 'chai';
import fc from 'fast-check';
import { FewSet } from '../../../core/structures/few-set.js';

describe('FewSet', () => {
  it('is what a Set is, whatever is done to it', () => {
    const step = fc.record({ kind: fc.constantFrom('add', 'add', 'add', 'delete', 'clear'), member: fc.integer({ min: 0, max: 14 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const [few, plain] = [new FewSet<number>(), new Set<number>()];
        for (const { kind, member } of steps) {
          if (kind === 'add') {
            few.add(member);
            plain.add(member);
          } else if (kind === 'delete') expect(few.delete(member)).to.equal(plain.delete(member));
          else if (member === 0) {
            few.clear();
            plain.clear();
          }
          expect([...few]).to.deep.equal([...plain]);
          expect(few.size).to.equal(plain.size);
          expect(few.has(member)).to.equal(plain.has(member));
        }
      }),
    );
  });
});
