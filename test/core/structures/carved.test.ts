/** @module Tests of memory that is carved out of larger blocks: no two pieces share a byte, all begin as zeros, and what is trimmed is used again. */
import { expect } from 'chai';
import { carve, trim } from '../../../core/structures/carved.js';

/** Where a piece lies, if it lies in a block. */
const placeOf = ({ byteOffset, length }: Uint8Array) => [byteOffset, byteOffset + length] as const;

describe('carved memory', () => {
  it('is of the size that was asked for, zeros, and nobody else’s', () => {
    const pieces = Array.from({ length: 200 }, (_, index) => carve(1 + ((index * 131) % 1_200)));
    expect(pieces.every((piece, index) => piece.length === 1 + ((index * 131) % 1_200))).to.equal(true);
    for (const [index, piece] of pieces.entries()) {
      expect(piece.every((byte) => byte === 0)).to.equal(true);
      piece.fill(index + 1);
    }
    expect(pieces.every((piece, index) => piece.every((byte) => byte === ((index + 1) & 0xff)))).to.equal(true);
  });

  it('shares blocks of 32 KiB; what is longer than 2 KiB has memory of its own', () => {
    const pieces = Array.from({ length: 100 }, () => carve(1_200));
    expect(new Set(pieces.map(({ buffer }) => buffer)).size).to.be.within(4, 5);
    expect(pieces.every(({ buffer }) => buffer.byteLength === 32_768)).to.equal(true);
    expect(carve(2_049).buffer.byteLength).to.equal(2_049);
  });

  it('gives what was trimmed to the next piece, of the last piece only', () => {
    let [first, second] = [carve(1_000), carve(1_000)];
    while (first.buffer !== second.buffer || second.byteOffset > 16_384) [first, second] = [second, carve(1_000)];
    trim(first, 10);
    trim(second, 10);
    trim(second, 0);
    const third = carve(1_000);
    expect(placeOf(third)).to.deep.equal([second.byteOffset + 10, second.byteOffset + 1_010]);
    trim(third, 2_000);
    expect(carve(100).byteOffset).to.equal(third.byteOffset + 1_000);
  });
});
