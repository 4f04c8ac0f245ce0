/** @module Tests of hash, seeded chance and simulated crypto: repeatable, spread out, and strict where the protocol relies on it. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { Crypto } from '../../../core/security/crypto.js';
import { Hash } from '../../../transports/simulated/chance/hash.js';
import { SeededRandom, simulatedCrypto } from '../../../transports/simulated/index.js';

const crypto: Crypto = simulatedCrypto;
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const hex = (value: Uint8Array) => Buffer.from(value).toString('hex');

describe('Hash', () => {
  it('is the same on every machine: fixed inputs, fixed outputs', () => {
    const digestOf = (text: string) => hex(new Hash().reset(1).text(text).finish().expand(8));
    expect([digestOf(''), digestOf('a'), digestOf('meshwright')]).to.deep.equal([
      '03723a59d893ac00',
      '15afd53b9bdac385',
      'ae573e842a775ed4',
    ]);
  });

  it('tells 100,000 short inputs apart', () => {
    const seen = new Set<number>();
    const hash = new Hash();
    for (let index = 0; index < 100_000; index++) {
      const { a, b } = hash.reset(1).word(index).finish();
      seen.add((a >>> 0) * 0x20_0000 + (b & 0x1f_ffff));
    }
    expect(seen.size).to.equal(100_000);
  });

  it('tells inputs of other lengths apart, zeros included', () => {
    const digests = Array.from({ length: 64 }, (_, length) => hex(new Hash().reset(1).bytes(new Uint8Array(length)).finish().expand(8)));
    expect(new Set(digests).size).to.equal(64);
  });
});

describe('SeededRandom', () => {
  it('is the same on every machine: fixed seeds, fixed sequences', () => {
    const random = new SeededRandom(1, 'alice');
    expect([hex(random.bytes(8)), random.word(), random.below(1_000)]).to.deep.equal(['48d8ccce508d89c0', 3_086_123_837, 759]);
  });

  it('is uniform: floats in [0, 1), bytes and numbers below a bound', () => {
    const random = new SeededRandom(5);
    const buckets = new Array<number>(16).fill(0);
    for (let index = 0; index < 64_000; index++) buckets[random.below(16)] = (buckets[random.below(16)] as number) + 1;
    expect(Math.min(...buckets)).to.be.greaterThan(0);
    let sum = 0;
    for (let index = 0; index < 10_000; index++) {
      const float = random.float();
      expect(float >= 0 && float < 1).to.equal(true);
      sum += float;
    }
    expect(sum / 10_000).to.be.within(0.48, 0.52);
    const ones = random.bytes(10_000).reduce((count, byte) => count + byte.toString(2).replaceAll('0', '').length, 0);
    expect(ones / 80_000).to.be.within(0.49, 0.51);
  });

  it('neighbouring seeds have nothing in common', () => {
    const words = new Set(Array.from({ length: 1_000 }, (_, seed) => new SeededRandom(seed).word()));
    expect(words.size).to.equal(1_000);
  });
});

describe('simulated crypto', () => {
  it('has the sizes of the real one', () => {
    const agreement = crypto.agreementKey(new Uint8Array(32));
    const signing = crypto.signingKey(new Uint8Array(32));
    const sealed = crypto.cipherKey(new Uint8Array(32)).seal(0, undefined, new Uint8Array(5));
    const lengths = [crypto.sha256(new Uint8Array(3)), crypto.hmacSha256(new Uint8Array(32), new Uint8Array(3)), agreement.publicKey];
    expect(lengths.map(({ length }) => length)).to.deep.equal([32, 32, 32]);
    expect([signing.publicKey.length, signing.sign(new Uint8Array(9)).length]).to.deep.equal([32, 64]);
    expect([sealed.ciphertext.length, sealed.tag.length, crypto.name]).to.deep.equal([5, 16, 'simulated']);
  });

  it('two sides agree on one secret, and no third one on the same', () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), bytes(32), (first, second, third) => {
        fc.pre(new Set([hex(first), hex(second), hex(third)]).size === 3);
        const keys = [first, second, third].map((secret) => crypto.agreementKey(secret));
        const secretOf = (left: number, right: number) => hex(keys[left]?.agree(keys[right]?.publicKey as Uint8Array) as Uint8Array);
        expect(secretOf(0, 1)).to.equal(secretOf(1, 0));
        expect(new Set([secretOf(0, 1), secretOf(0, 2), secretOf(1, 2)]).size).to.equal(3);
      }),
    );
  });

  it('refuses a key of all zeros, and one of a wrong length', () => {
    const key = crypto.agreementKey(new Uint8Array(32));
    expect([key.agree(new Uint8Array(32)), key.agree(new Uint8Array(31).fill(1))]).to.deep.equal([undefined, undefined]);
    expect(crypto.isAcceptablePublicKey(new Uint8Array(32))).to.equal(false);
  });

  it('opens what was sealed, and nothing that differs in one bit, in the key, the counter or the associated data', () => {
    const arbitrary = fc.record({ key: bytes(32), plaintext: fc.uint8Array({ maxLength: 100 }), counter: fc.maxSafeNat(), bit: fc.nat() });
    fc.assert(
      fc.property(arbitrary, ({ key, plaintext, counter, bit }) => {
        const ad = Uint8Array.of(1, 2, 3);
        const { ciphertext, tag } = crypto.cipherKey(key).seal(counter, ad, plaintext);
        const sealed = Uint8Array.of(...ciphertext, ...tag);
        const open = (with_: Partial<{ key: Uint8Array; counter: number; ad: Uint8Array; sealed: Uint8Array }>) =>
          crypto.cipherKey(with_.key ?? key).open(with_.counter ?? counter, with_.ad ?? ad, with_.sealed ?? sealed);
        expect(open({})).to.deep.equal(plaintext);
        const at = bit % (8 * sealed.length);
        const flipped = sealed.slice();
        flipped[at >> 3] = (flipped[at >> 3] as number) ^ (1 << (at & 7));
        const otherKey = key.map((byte) => byte ^ 1);
        const refused = [
          open({ sealed: flipped }),
          open({ key: otherKey }),
          open({ counter: counter + 1 }),
          open({ ad: Uint8Array.of(1, 2) }),
        ];
        expect(refused).to.deep.equal([undefined, undefined, undefined, undefined]);
        expect(open({ sealed: sealed.subarray(0, 15) })).to.equal(undefined);
      }),
      { numRuns: 1_000 },
    );
  });

  it('does not leave plaintext readable, and rekeys to another key', () => {
    const key = crypto.cipherKey(new Uint8Array(32).fill(9));
    const plaintext = new Uint8Array(64);
    const { ciphertext } = key.seal(0, undefined, plaintext);
    expect(ciphertext).to.not.deep.equal(plaintext);
    expect(ciphertext).to.not.deep.equal(key.seal(1, undefined, plaintext).ciphertext);
    expect(new Set(key.seal(-1, undefined, new Uint8Array(32)).ciphertext).size).to.be.greaterThan(8);
  });

  it('verifies its own signatures only', () => {
    const message = Uint8Array.of(1, 2, 3);
    const { publicKey, sign } = crypto.signingKey(new Uint8Array(32).fill(1));
    const bob = crypto.signingKey(new Uint8Array(32).fill(2));
    const signature = sign(message);
    expect(crypto.verify(publicKey, message, signature)).to.equal(true);
    expect(crypto.verify(bob.publicKey, message, signature)).to.equal(false);
    expect(crypto.verify(publicKey, Uint8Array.of(1, 2, 4), signature)).to.equal(false);
    expect(crypto.verify(publicKey, message, signature.subarray(1))).to.equal(false);
  });
});
