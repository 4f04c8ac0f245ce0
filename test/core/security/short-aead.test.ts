/**
 * @module Short pieces under ChaCha20-Poly1305: the published vectors, the numbers at the edge of Poly1305's modulus, and byte for byte what
 * both libraries give, on either side of the length from which on a library serves.
 */
import { expect } from 'chai';
import * as native from '../../../core/platform/node/crypto-node.js';
import * as noble from '../../../core/security/crypto-noble.js';
import { addToTag, beginTag, endTag } from '../../../core/security/poly1305.js';
import { openShort, SHORT_BYTES_MAX, sealShort } from '../../../core/security/short-aead.js';
import { readWordLittleEndian } from '../../../core/structures/bytes.js';
import { BACKENDS, bytes, hex, seededRandom } from './support.js';

const random = seededRandom(8439);

/** The tag of whole blocks under a key of 32 bytes. */
function tagOf(key: string, message: string): string | undefined {
  const words = (text: string) => Array.from({ length: text.length / 8 }, (_, index) => readWordLittleEndian(bytes(text), 4 * index));
  const [tag, blocks] = [new Uint8Array(16), words(message)];
  beginTag(Int32Array.from(words(key)));
  for (let at = 0; at < blocks.length; at += 4) addToTag(...(blocks.slice(at, at + 4) as [number, number, number, number]));
  endTag(tag);
  return hex(tag);
}

describe('poly1305', () => {
  const zeros = '00'.repeat(16);
  const two = `02${'00'.repeat(15)}`;
  const mixed = 'e33594d7505e43b900000000000000003394d7505e4379cd01000000000000000000000000000000';

  it('gives the tags of RFC 8439, A.3, at the edges of 2^130 - 5 and 2^128', () => {
    expect(tagOf(zeros + zeros, zeros.repeat(4))).equal(zeros);
    expect(tagOf(two + zeros, 'ff'.repeat(16))).equal(`03${'00'.repeat(15)}`);
    expect(tagOf(two + 'ff'.repeat(16), two)).equal(`03${'00'.repeat(15)}`);
    expect(tagOf(`01${'00'.repeat(15)}${zeros}`, `${'ff'.repeat(16)}f0${'ff'.repeat(15)}11${'00'.repeat(15)}`)).equal(
      `05${'00'.repeat(15)}`,
    );
    expect(tagOf(`01${'00'.repeat(15)}${zeros}`, `${'ff'.repeat(16)}fb${'fe'.repeat(15)}${'01'.repeat(16)}`)).equal(zeros);
    expect(tagOf(two + zeros, `fd${'ff'.repeat(15)}`)).equal(`fa${'ff'.repeat(15)}`);
  });

  it('carries from limb to limb (A.3, 10 and 11)', () => {
    const key = `01000000000000000400000000000000${zeros}`;
    expect(tagOf(key, `${mixed}000000000000000001${'00'.repeat(15)}`)).equal('14000000000000005500000000000000');
    expect(tagOf(key, `${mixed}0000000000000000`)).equal(`13${'00'.repeat(15)}`);
  });
});

/** The same by whole numbers of any size. */
function tagByBigInt(key: string, message: string): string {
  const number = (text: string) => BigInt(`0x${hex(bytes(text).reverse()) || '0'}`);
  const [r, s] = [number(key.slice(0, 32)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn, number(key.slice(32))];
  let sum = 0n;
  for (let at = 0; at < message.length; at += 32)
    sum = ((sum + number(message.slice(at, at + 32)) + (1n << 128n)) * r) % ((1n << 130n) - 5n);
  const tag = ((sum + s) % (1n << 128n)).toString(16).padStart(32, '0');
  return hex(bytes(tag).reverse()) as string;
}

describe('poly1305 of numbers with long runs of zeros and ones', () => {
  it('is what whole numbers of any size give', () => {
    const run = () => ['00', 'ff', '01', 'fe', hex(random.bytes(1)) as string][Math.floor(random.float() * 5)] as string;
    const bytesOf = (count: number) => Array.from({ length: Math.ceil(count / 4) }, () => run().repeat(4)).join('');
    for (let round = 0; round < 3_000; round++) {
      const [key, message] = [bytesOf(32), bytesOf(16 * Math.floor(1 + 4 * random.float()))];
      expect(tagOf(key, message), `${key} ${message}`).equal(tagByBigInt(key, message));
    }
  });

  it('subtracts the modulus when the sum is from 2^130 - 5 on, and not just below', () => {
    const one = `01${'00'.repeat(31)}`;
    // With r = 1 the sum is that of the blocks and 2^128 for each of them: three blocks and 2^128 - 5 - `less` make 2^130 - 5 - `less`.
    for (const [less, tag] of [
      [-1n, `01${'00'.repeat(15)}`],
      [0n, '00'.repeat(16)],
      [1n, `fa${'ff'.repeat(15)}`],
    ] as const) {
      const last = ((1n << 128n) - 5n - less).toString(16).padStart(32, '0');
      const message = hex(bytes(last).reverse()) + '00'.repeat(32);
      expect(tagOf(one, message)).equal(tag);
      expect(tagByBigInt(one, message)).equal(tag);
    }
  });
});

describe('short pieces', () => {
  it('gives the bytes of RFC 8439, 2.8.2', () => {
    const text = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
    const key = bytes('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f');
    const [nonce, associated] = [bytes('070000004041424344454647'), bytes('50515253c0c1c2c3c4c5c6c7')];
    const { ciphertext, tag } = sealShort(key, nonce, associated, new TextEncoder().encode(text));
    expect(hex(ciphertext)).match(/^d31a8d34648e60db7b86afbc53ef7ec2.*4b6116$/);
    expect(hex(tag)).equal('1ae10b594f09e26a7e902ecbd0600691');
    expect(hex(openShort(key, nonce, associated, Uint8Array.from([...ciphertext, ...tag])))).equal(hex(new TextEncoder().encode(text)));
  });

  it('gives the bytes of both libraries, whatever the length, and opens theirs', () => {
    for (let length = 0; length <= SHORT_BYTES_MAX + 80; length++) {
      const [key, nonce] = [random.bytes(32), random.bytes(12)];
      const plaintext = length % 3 === 0 ? new Uint8Array(length).fill(0xff) : random.bytes(length);
      const associated = length % 4 === 0 ? undefined : random.bytes(length % 50);
      const own = sealShort(key, nonce, associated, plaintext);
      for (const { sealWithNonce, openWithNonce } of [native, noble]) {
        const { ciphertext, tag } = sealWithNonce(key, nonce, associated, plaintext);
        expect([hex(own.ciphertext), hex(own.tag)], `${length} bytes`).deep.equal([hex(ciphertext), hex(tag)]);
        const sealed = Uint8Array.from([...own.ciphertext, ...own.tag]);
        expect(hex(openShort(key, nonce, associated, sealed))).equal(hex(openWithNonce(key, nonce, associated, sealed)));
      }
    }
  });

  it('refuses every piece with another bit, and one without room for a tag', () => {
    const [key, nonce] = [random.bytes(32), random.bytes(12)];
    const { ciphertext, tag } = sealShort(key, nonce, undefined, random.bytes(40));
    const sealed = Uint8Array.from([...ciphertext, ...tag]);
    for (let bit = 0; bit < 8 * sealed.length; bit++) {
      const changed = sealed.slice();
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(openShort(key, nonce, undefined, changed), `bit ${bit}`).equal(undefined);
    }
    expect(openShort(key, nonce, undefined, sealed.subarray(0, 15))).equal(undefined);
    expect(openShort(key, nonce, undefined, sealed)).lengthOf(40);
  });

  it('go over to the library without a seam: each opens at the bound, and one beyond it, what the others sealed', () => {
    for (const length of [SHORT_BYTES_MAX, SHORT_BYTES_MAX + 1]) {
      const [key, plaintext] = [random.bytes(32), random.bytes(length)];
      for (const { cipherKey } of BACKENDS) {
        const { ciphertext, tag } = cipherKey(key).seal(7, undefined, plaintext);
        for (const other of BACKENDS)
          expect(hex(other.cipherKey(key).open(7, undefined, Uint8Array.from([...ciphertext, ...tag])))).equal(hex(plaintext));
      }
    }
  });
});
