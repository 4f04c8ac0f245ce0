/**
 * @module The Crypto port: both backends against the published vectors, against each other, and against what must be refused.
 */
import { createHash } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { expect } from 'chai';
import type { Crypto } from '../../../core/security/crypto.js';
import * as noble from '../../../core/security/crypto-noble.js';
import { BACKENDS, bytes, hex, LOW_ORDER_X25519, SMALL_ORDER_ED25519, seededRandom } from './support.js';

for (const crypto of BACKENDS) {
  describe(`crypto ${crypto.name}`, () => {
    it('hashes and authenticates known inputs', () => {
      expect(hex(crypto.sha256(bytes('')))).equal('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
      expect(hex(crypto.hmacSha256(bytes(''), bytes('')))).equal('b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad');
    });

    it('agrees on one secret from both sides', () => {
      const [first, second] = [crypto.agreementKey(bytes('01'.repeat(32))), crypto.agreementKey(bytes('02'.repeat(32)))];
      expect(hex(first.agree(second.publicKey))).equal(hex(second.agree(first.publicKey)));
    });

    it('row 13: refuses every low-order X25519 key, and takes the nearest other one', () => {
      const key = crypto.agreementKey(bytes('77'.repeat(32)));
      for (const low of LOW_ORDER_X25519) {
        for (const topBit of [0, 0x80]) {
          const remote = low.slice();
          remote[31] = (remote[31] as number) | topBit;
          expect(key.agree(remote), hex(remote)).equal(undefined);
        }
      }
      expect(key.agree(bytes(`02${'00'.repeat(31)}`))).instanceOf(Uint8Array);
      expect(key.agree(bytes(`eb${'ff'.repeat(30)}7f`))).instanceOf(Uint8Array);
    });

    it('refuses an X25519 key of another length without throwing', () => {
      const key = crypto.agreementKey(bytes('77'.repeat(32)));
      for (const length of [0, 31, 33]) expect(key.agree(new Uint8Array(length).fill(9))).equal(undefined);
    });

    it('does not change when the bytes it was made of are overwritten', () => {
      const secret = bytes('01'.repeat(32));
      const [agreement, signing] = [crypto.agreementKey(secret), crypto.signingKey(secret)];
      const remote = crypto.agreementKey(bytes('02'.repeat(32))).publicKey;
      const before = [hex(agreement.agree(remote)), hex(signing.sign(secret.slice(0, 4)))];
      secret.fill(0);
      expect([hex(agreement.agree(remote)), hex(signing.sign(bytes('01010101')))]).deep.equal(before);
    });

    it('row 12: refuses the 14 small-order and non-canonical Ed25519 keys, and takes the nearest canonical ones', () => {
      expect(SMALL_ORDER_ED25519).lengthOf(14);
      for (const key of SMALL_ORDER_ED25519) expect(crypto.isAcceptablePublicKey(key), hex(key)).equal(false);
      for (const near of [`02${'00'.repeat(31)}`, `eb${'ff'.repeat(30)}7f`]) expect(crypto.isAcceptablePublicKey(bytes(near))).equal(true);
      for (const length of [0, 31, 33]) expect(crypto.isAcceptablePublicKey(new Uint8Array(length).fill(7))).equal(false);
    });

    it('row 12: such keys must be refused, because anybody signs for them', () => {
      const identityPoint = bytes(`01${'00'.repeat(31)}`);
      const forged = Uint8Array.from([...identityPoint, ...new Uint8Array(32)]);
      expect(crypto.verify(identityPoint, bytes('abcd'), forged)).equal(true);
    });

    it('refuses y from p to 2^255 - 1 and takes p - 2', () => {
      for (let low = 0xed; low <= 0xff; low++) {
        const key = bytes(`${low.toString(16)}${'ff'.repeat(30)}7f`);
        expect(crypto.isAcceptablePublicKey(key)).equal(false);
        key[30] = 0xfe;
        expect(crypto.isAcceptablePublicKey(key)).equal(true);
      }
    });

    it('verifies its own signature and none that differs in a bit', () => {
      const key = crypto.signingKey(bytes('05'.repeat(32)));
      const message = bytes('00112233');
      const signature = key.sign(message);
      expect(crypto.verify(key.publicKey, message, signature)).equal(true);
      for (let index = 0; index < 64; index++) {
        const changed = signature.slice();
        changed[index] = (changed[index] as number) ^ (1 << (index % 8));
        expect(crypto.verify(key.publicKey, message, changed), `byte ${index}`).equal(false);
      }
      for (const length of [0, 63, 65]) expect(crypto.verify(key.publicKey, message, new Uint8Array(length))).equal(false);
    });

    it('refuses a signature whose S is the same number plus the group order', () => {
      const key = crypto.signingKey(bytes('05'.repeat(32)));
      const signature = key.sign(bytes('00'));
      const scalar = BigInt(`0x${hex(signature.slice(32).reverse())}`) + ed25519.Point.Fn.ORDER;
      const same = Uint8Array.from([...signature.slice(0, 32), ...bytes(scalar.toString(16).padStart(64, '0')).reverse()]);
      expect(crypto.verify(key.publicKey, bytes('00'), same)).equal(false);
    });

    it('verifies nothing for a canonical key that is no point of the curve', () => {
      const offCurve = bytes(`02${'00'.repeat(31)}`);
      expect(() => ed25519.Point.fromBytes(offCurve)).to.throw();
      expect(crypto.verify(offCurve, bytes('00'), new Uint8Array(64))).equal(false);
    });

    it('opens what it sealed, and nothing under another counter, key, associated data or byte', () => {
      const key = crypto.cipherKey(bytes('0a'.repeat(32)));
      const associated = bytes('aabb');
      const { ciphertext, tag } = key.seal(5, associated, bytes('0102030405'));
      const whole = Uint8Array.from([...ciphertext, ...tag]);
      expect(hex(key.open(5, associated, whole))).equal('0102030405');
      expect(key.open(6, associated, whole)).equal(undefined);
      expect(key.open(5, undefined, whole)).equal(undefined);
      expect(crypto.cipherKey(bytes('0b'.repeat(32))).open(5, associated, whole)).equal(undefined);
      for (let length = 0; length < whole.length; length++) expect(key.open(5, associated, whole.subarray(0, length))).equal(undefined);
    });

    it('seals and opens an empty plaintext', () => {
      const key = crypto.cipherKey(bytes('0a'.repeat(32)));
      const { ciphertext, tag } = key.seal(0, bytes('01'), new Uint8Array(0));
      expect([ciphertext.length, tag.length]).deep.equal([0, 16]);
      expect(key.open(0, bytes('01'), tag)).lengthOf(0);
    });
  });
}

describe('crypto backends', () => {
  it('put the counter into the nonce as Noise says: 32 zero bits, then 64 bits little-endian', () => {
    const [key, plaintext] = [bytes('42'.repeat(32)), bytes('00'.repeat(20))];
    const nonces: readonly (readonly [number, string])[] = [
      [0, '000000000000000000000000'],
      [1, '000000000100000000000000'],
      [2 ** 32 - 1, '00000000ffffffff00000000'],
      [2 ** 32, '000000000000000001000000'],
      [2 ** 48 - 1, '00000000ffffffffffff0000'],
      [-1, '00000000ffffffffffffffff'],
    ];
    for (const crypto of BACKENDS) {
      for (const [counter, nonce] of nonces) {
        const wanted = noble.sealWithNonce(key, bytes(nonce), undefined, plaintext);
        const sealed = crypto.cipherKey(key).seal(counter, undefined, plaintext);
        expect([hex(sealed.ciphertext), hex(sealed.tag)], `${crypto.name} ${counter}`).deep.equal([
          hex(wanted.ciphertext),
          hex(wanted.tag),
        ]);
      }
    }
  });

  it('give the same bytes and verdicts for 60 seeded inputs', () => {
    const [first, second] = BACKENDS as readonly [Crypto, Crypto];
    const random = seededRandom(77);
    for (let round = 0; round < 60; round++) {
      const [secret, message] = [random.bytes(32), random.bytes(Math.floor(random.float() * 300))];
      const outputs = [first, second].map((crypto) => outputsOf(crypto, secret, message));
      expect(outputs[0], `round ${round}`).deep.equal(outputs[1]);
    }
  });

  it('agree on keys and signatures with a part of small order: neither multiplies by the cofactor', () => {
    const { Point } = ed25519;
    const order = Point.Fn.ORDER;
    const torsion = Point.fromBytes(SMALL_ORDER_ED25519[6] as Uint8Array);
    for (let scalar = 1n; scalar <= 24n; scalar++) {
      const mixedKey = Point.BASE.multiply(scalar).add(torsion).toBytes();
      const commitment = Point.BASE.multiply(7n).toBytes();
      const message = Uint8Array.of(Number(scalar));
      const challenge = numberOf(nativeSha512(commitment, mixedKey, message)) % order;
      const response = bytes(((7n + challenge * scalar) % order).toString(16).padStart(64, '0')).reverse();
      const signature = Uint8Array.from([...commitment, ...response]);
      expect(ed25519.verify(signature, message, mixedKey, { zip215: false }), 'with the cofactor it passes').equal(true);
      for (const crypto of BACKENDS) {
        const isValid = crypto.isAcceptablePublicKey(mixedKey) && crypto.verify(mixedKey, message, signature);
        expect(isValid, `${crypto.name} ${scalar}`).equal(challenge % 8n === 0n);
      }
    }
  });

  it('agree with a full decoding of the point on every key with y near 0 and near p, both signs', () => {
    let pointCount = 0;
    for (let low = 0; low < 256; low++) {
      for (const [fill, high] of [0x0000, 0x0080, 0xff7f, 0xffff].map((pair) => [pair >>> 8, pair & 0xff])) {
        const key = new Uint8Array(32).fill(fill as number);
        key[0] = low;
        key[31] = high as number;
        const wanted = decodedVerdict(key);
        if (wanted === undefined) continue;
        pointCount++;
        expect(BACKENDS[0]?.isAcceptablePublicKey(key), hex(key)).equal(wanted);
      }
    }
    expect(pointCount).greaterThan(400);
  });
});

/** Everything that a backend makes of a secret and a message, as hex. */
function outputsOf(crypto: Crypto, secret: Uint8Array, message: Uint8Array): unknown[] {
  const agreement = crypto.agreementKey(secret);
  const signing = crypto.signingKey(secret);
  const signature = signing.sign(message);
  const sealed = crypto.cipherKey(secret).seal(message.length, secret, message);
  return [
    hex(crypto.sha256(message)),
    hex(crypto.hmacSha256(secret, message)),
    hex(agreement.publicKey),
    hex(agreement.agree(crypto.sha256(secret))),
    hex(signing.publicKey),
    hex(signature),
    hex(sealed.ciphertext),
    hex(sealed.tag),
    crypto.verify(signing.publicKey, message, signature),
    crypto.isAcceptablePublicKey(secret),
  ];
}

/** What a full decoding says; `undefined` when the bytes are no canonical point. */
function decodedVerdict(key: Uint8Array): boolean | undefined {
  try {
    return !ed25519.Point.fromBytes(key).isSmallOrder();
  } catch {
    return undefined;
  }
}

function numberOf(littleEndian: Uint8Array): bigint {
  return BigInt(`0x${hex(littleEndian.slice().reverse())}`);
}

function nativeSha512(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(createHash('sha512').update(Buffer.concat(parts)).digest());
}
