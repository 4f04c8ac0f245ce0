/**
 * @module The Crypto port against Project Wycheproof: every verdict, on both backends.
 */
import { expect } from 'chai';
import * as native from '../../../core/platform/node/crypto-node.js';
import * as noble from '../../../core/security/crypto-noble.js';
import { BACKENDS, bytes, hex, vectorFile, type WycheproofFile } from './support.js';

interface AgreementCase {
  readonly tcId: number;
  readonly public: string;
  readonly private: string;
  readonly shared: string;
}
interface SignatureGroup {
  readonly publicKey: { readonly pk: string };
  readonly tests: readonly { readonly tcId: number; readonly msg: string; readonly sig: string; readonly result: string }[];
}
interface AeadGroup {
  readonly ivSize: number;
  readonly tests: readonly {
    readonly tcId: number;
    readonly key: string;
    readonly iv: string;
    readonly aad: string;
    readonly msg: string;
    readonly ct: string;
    readonly tag: string;
    readonly result: string;
  }[];
}
interface MacGroup {
  readonly tagSize: number;
  readonly tests: readonly {
    readonly tcId: number;
    readonly key: string;
    readonly msg: string;
    readonly tag: string;
    readonly result: string;
  }[];
}

const AEAD_BACKENDS = [native, noble];
const x25519File = vectorFile<WycheproofFile<{ readonly tests: readonly AgreementCase[] }>>('wycheproof/x25519_test.json');
const ed25519File = vectorFile<WycheproofFile<SignatureGroup>>('wycheproof/ed25519_test.json');
const aeadFile = vectorFile<WycheproofFile<AeadGroup>>('wycheproof/chacha20_poly1305_test.json');
const hmacFile = vectorFile<WycheproofFile<MacGroup>>('wycheproof/hmac_sha256_test.json');

for (const crypto of BACKENDS) {
  describe(`wycheproof on ${crypto.name}`, () => {
    it('gives every verdict of Wycheproof on X25519', function () {
      if (x25519File === undefined) return this.skip();
      let refusedCount = 0;
      for (const test of x25519File.testGroups.flatMap((group) => group.tests)) {
        const shared = crypto.agreementKey(bytes(test.private)).agree(bytes(test.public));
        if (/^0+$/.test(test.shared)) refusedCount += Number(shared === undefined);
        else expect(hex(shared), `case ${test.tcId}`).equal(test.shared);
      }
      expect(refusedCount, 'row 13: low order').equal(31);
    });

    it('gives every verdict of Wycheproof on Ed25519, strictly', function () {
      if (ed25519File === undefined) return this.skip();
      let validCount = 0;
      for (const group of ed25519File.testGroups) {
        const key = bytes(group.publicKey.pk);
        for (const test of group.tests) {
          const isValid = crypto.isAcceptablePublicKey(key) && crypto.verify(key, bytes(test.msg), bytes(test.sig));
          expect(isValid, `case ${test.tcId}`).equal(test.result === 'valid');
          validCount += Number(isValid);
        }
      }
      expect(validCount).greaterThan(50);
    });

    it('gives every verdict of Wycheproof on HMAC-SHA256', function () {
      if (hmacFile === undefined) return this.skip();
      for (const group of hmacFile.testGroups) {
        for (const test of group.tests) {
          const tag = hex(crypto.hmacSha256(bytes(test.key), bytes(test.msg)))?.slice(0, group.tagSize / 4);
          expect(tag === test.tag, `case ${test.tcId}`).equal(test.result === 'valid');
        }
      }
    });
  });
}

describe('wycheproof on both backends', () => {
  it('give every verdict of Wycheproof on ChaCha20-Poly1305', function () {
    if (aeadFile === undefined) return this.skip();
    for (const { sealWithNonce, openWithNonce } of AEAD_BACKENDS) {
      let count = 0;
      for (const group of aeadFile.testGroups.filter((one) => one.ivSize === 96)) {
        for (const test of group.tests) {
          const [key, nonce, associated, plaintext] = [bytes(test.key), bytes(test.iv), bytes(test.aad), bytes(test.msg)];
          const opened = openWithNonce(key, nonce, associated, bytes(test.ct + test.tag));
          expect(hex(opened), `case ${test.tcId}`).equal(test.result === 'valid' ? test.msg : undefined);
          if (test.result !== 'valid') continue;
          const { ciphertext, tag } = sealWithNonce(key, nonce, associated, plaintext);
          expect([hex(ciphertext), hex(tag)], `case ${test.tcId}`).deep.equal([test.ct, test.tag]);
          count++;
        }
      }
      expect(count).equal(256);
    }
  });
});
