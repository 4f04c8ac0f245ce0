/**
 * @module HKDF-SHA256 against the published vectors and at its bounds.
 */
import { expect } from 'chai';
import { NetworkError } from '../../../core/errors.js';
import { nodeCrypto } from '../../../core/platform/node/crypto-node.js';
import { hkdfExpand, hkdfExtract } from '../../../core/security/hkdf.js';
import { BACKENDS, bytes, hex, vectorFile, type WycheproofFile } from './support.js';

interface HkdfGroup {
  readonly tests: readonly {
    readonly tcId: number;
    readonly ikm: string;
    readonly salt: string;
    readonly info: string;
    readonly size: number;
    readonly okm: string;
    readonly result: string;
  }[];
}

const file = vectorFile<WycheproofFile<HkdfGroup>>('wycheproof/hkdf_sha256_test.json');
const KEY = bytes('0b'.repeat(32));

describe('hkdf', () => {
  it('gives every verdict of Wycheproof on both backends', function () {
    if (file === undefined) return this.skip();
    for (const crypto of BACKENDS) {
      for (const test of file.testGroups.flatMap((group) => group.tests)) {
        const derive = (): Uint8Array =>
          hkdfExpand(crypto, hkdfExtract(crypto, bytes(test.salt), bytes(test.ikm)), bytes(test.info), test.size);
        if (test.result === 'valid') expect(hex(derive()), `case ${test.tcId}`).equal(test.okm);
        else expect(derive, `case ${test.tcId}`).to.throw(NetworkError);
      }
    }
  });

  it('gives 8160 bytes and refuses 8161', () => {
    expect(hkdfExpand(nodeCrypto, KEY, bytes(''), 8160)).lengthOf(8160);
    expect(() => hkdfExpand(nodeCrypto, KEY, bytes(''), 8161)).to.throw(NetworkError, '8160');
  });

  it('makes a longer output that starts with the shorter one, and another for another info', () => {
    const long = hex(hkdfExpand(nodeCrypto, KEY, bytes('aa'), 70));
    expect(long?.startsWith(hex(hkdfExpand(nodeCrypto, KEY, bytes('aa'), 33)) as string)).equal(true);
    expect(hex(hkdfExpand(nodeCrypto, KEY, bytes('ab'), 70))).not.equal(long);
  });
});
