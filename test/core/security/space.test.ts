/**
 * @module Space: prologue, preamble and pre-shared key, as bytes.
 */
import { createHash, hkdfSync } from 'node:crypto';
import { expect } from 'chai';
import { nodeCrypto } from '../../../core/platform/node/crypto-node.js';
import { checkPreambleByte, spaceOf } from '../../../core/security/space.js';
import { bytes, hex } from './support.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const KEY = bytes('0c'.repeat(32));

describe('space', () => {
  it('has the prologue of SECURITY 1.5: domain, preamble, kind, tag of the name', () => {
    const tag = sha256('meshwright/space-tag/1public');
    const domain = Buffer.from('meshwright/1').toString('hex');
    expect(hex(spaceOf({ networkName: 'public' }, 'stream', nodeCrypto).prologue)).equal(`${domain}4d570101` + `00${tag}`);
    expect(hex(spaceOf({ networkName: 'public', networkKey: KEY }, 'datagram', nodeCrypto).prologue)).equal(
      `${domain}4d570102` + `01${tag}`,
    );
  });

  it('derives the psk of a private space with HKDF from key, domain and UTF-8 name', () => {
    const wanted = Buffer.from(hkdfSync('sha256', KEY, 'meshwright/space/1', 'garten-ü', 32)).toString('hex');
    expect(hex(spaceOf({ networkName: 'garten-ü', networkKey: KEY }, 'stream', nodeCrypto).psk?.reveal())).equal(wanted);
    expect(spaceOf({ networkName: 'garten-ü' }, 'stream', nodeCrypto).psk).equal(undefined);
  });

  it('judges a preamble byte by byte: magic, version, pattern', () => {
    const { preamble } = spaceOf({ networkName: 'public' }, 'stream', nodeCrypto);
    expect([0x4d, 0x57, 0x01, 0x01].map((byte, index) => checkPreambleByte(preamble, index, byte))).deep.equal(Array(4).fill('good'));
    for (let byte = 0; byte < 256; byte++) {
      expect(checkPreambleByte(preamble, 0, byte) === 'good').equal(byte === 0x4d);
      expect(checkPreambleByte(preamble, 2, byte)).equal(byte === 1 ? 'good' : 'version');
      expect(checkPreambleByte(preamble, 3, byte)).equal(byte === 1 ? 'good' : 'handshake-failed');
    }
  });
});
