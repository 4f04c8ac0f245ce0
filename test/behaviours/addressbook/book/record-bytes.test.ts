/** @module Tests of the buffer of records against chance: whatever is put and dropped, the rest stays as it was put. */
import { expect } from 'chai';
import fc from 'fast-check';
import { type Place, RecordBytes } from '../../../../behaviours/addressbook/book/record-bytes.js';

const step = fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.nat(99));

describe('the buffer of records', () => {
  it('has what was put in and not dropped, byte for byte, and no more than that and a half again', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const kept = new Map<Place, Uint8Array>();
        const buffer = new RecordBytes(() => kept.keys());
        let [live, most] = [0, 0];
        for (const what of steps) {
          const place = typeof what === 'number' ? [...kept.keys()][what] : { offset: 0, length: 0 };
          if (place === undefined) continue;
          if (typeof what === 'number') {
            live -= place.length;
            buffer.drop(place);
            kept.delete(place);
          } else {
            buffer.put(place, what);
            kept.set(place, what);
            live += what.length;
          }
          most = Math.max(most, live);
          for (const [at, bytes] of kept) expect(buffer.view(at)).to.deep.equal(bytes);
        }
        expect(buffer['buffer'].length).to.be.at.most(Math.max(1_024, 1.5 * most));
      }),
      { numRuns: 300 },
    );
  });

  it('shows nothing of what was dropped', () => {
    const kept = new Set<Place>();
    const buffer = new RecordBytes(() => kept);
    const [first, second] = [
      { offset: 0, length: 0 },
      { offset: 0, length: 0 },
    ];
    buffer.put(first, Uint8Array.of(1, 2, 3));
    buffer.put(second, Uint8Array.of(4));
    buffer.drop(first);
    expect([buffer.view(first).length, [...buffer.view(second)]]).to.deep.equal([0, [4]]);
  });
});
