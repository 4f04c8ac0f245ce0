/** @module XOR distance on hex digits, against the numbers. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { NodeId } from '../../../core/address/node-id.js';
import { bucketIndex, distanceBits, isCloser } from '../../../core/address/xor-distance.js';
import { idOf } from '../../routing/ids.js';

const nodeId = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex') as NodeId);
/** Ids that share a prefix of any length, so that the deciding digit is anywhere. */
const near = fc.tuple(nodeId, nodeId, fc.nat(64)).map(([id, other, shared]) => (id.slice(0, shared) + other.slice(shared)) as NodeId);

describe('XOR distance (ATM-02, H-31: over all bits of the key)', () => {
  it('compares digits by value, not by character code', () => {
    // 9 ^ 8 = 1 and a ^ 8 = 2, though the codes differ the other way round: 0x39 ^ 0x38 = 1, 0x61 ^ 0x38 = 0x59.
    expect(isCloser(idOf('9'), idOf('a'), idOf('8'))).equal(true);
    // 8 ^ a = 2 and 7 ^ a = d.
    expect(isCloser(idOf('7'), idOf('8'), idOf('a'))).equal(false);
    expect(isCloser(idOf('8'), idOf('7'), idOf('a'))).equal(true);
  });

  it('is decided by the first digit in which the two differ', () => {
    expect(isCloser(idOf('10f'), idOf('110'), idOf('1'))).equal(true);
    expect(isCloser(`${'0'.repeat(63)}1` as NodeId, `${'0'.repeat(63)}2` as NodeId, idOf(''))).equal(true);
  });

  it('says no for an id against itself', () => {
    expect(isCloser(idOf('1'), idOf('1'), idOf('2'))).equal(false);
  });

  it('agrees with the numbers for any ids and keys', () => {
    fc.assert(
      fc.property(near, near, near, (a, b, key) => {
        const distance = (id: NodeId) => BigInt(`0x${id}`) ^ BigInt(`0x${key}`);
        return isCloser(a, b, key) === distance(a) < distance(b);
      }),
    );
  });

  it('ATM-02: has as many bits as are left without the leading zeros', () => {
    const cases: [string, string, number][] = [
      ['', '', 0],
      ['', `${'0'.repeat(63)}1`, 1],
      ['', `${'0'.repeat(63)}7`, 3],
      ['', `${'0'.repeat(63)}8`, 4],
      ['', `${'0'.repeat(62)}10`, 5],
      ['a', '2', 256],
      ['a', 'e', 255],
    ];
    for (const [one, other, bits] of cases)
      expect([distanceBits(idOf(one), idOf(other)), bucketIndex(idOf(other), idOf(one))]).eql([bits, bits]);
  });

  it('ATM-02: has the bits of the number for any ids', () => {
    fc.assert(
      fc.property(near, near, (one, other) => {
        const distance = BigInt(`0x${one}`) ^ BigInt(`0x${other}`);
        return distanceBits(one, other) === (distance === 0n ? 0 : distance.toString(2).length);
      }),
    );
  });
});
