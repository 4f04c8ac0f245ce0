/** @module Tests of the sealer that behaviours get: what it seals is for the members of one space and for one domain, and for nobody else. */
import { expect } from 'chai';
import { nodeCrypto } from '../../../core/platform/node/crypto-node.js';
import { nobleCrypto } from '../../../core/security/crypto-noble.js';
import { SpaceSealer } from '../../../core/security/sealer.js';
import { seededRandom } from '../../../testing/index.js';
import { simulatedCrypto } from '../../../transports/simulated/crypto.js';

const CONTENT = Uint8Array.of(1, 2, 3);
const KEY = new Uint8Array(32).fill(7);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

for (const crypto of [nodeCrypto, nobleCrypto, simulatedCrypto]) {
  describe(`the sealer over ${crypto.name}`, () => {
    const sealerOf = (networkName: string, networkKey?: Uint8Array) =>
      new SpaceSealer({ networkName, networkKey }, crypto, seededRandom(`sealer ${networkName}`));
    const sealer = sealerOf('public');
    const sealed = sealer.seal('test/1', CONTENT);

    it('another member of the space opens it', () => {
      expect(sealed).to.have.length(CONTENT.length + 32);
      expect(sealerOf('public').open('test/1', sealed)).to.deep.equal(CONTENT);
      expect(sealer.open('test/1', sealer.seal('test/1', new Uint8Array(0)))).to.deep.equal(new Uint8Array(0));
    });

    it('content of a mebibyte is sealed as little content is', () => {
      const content = new Uint8Array(2 ** 20).fill(5);
      expect(sealerOf('public').open('test/1', sealer.seal('test/1', content))).to.deep.equal(content);
    });

    it('the same content is sealed differently every time', () => {
      const again = sealer.seal('test/1', CONTENT);
      expect(hex(again)).not.to.equal(hex(sealed));
      expect(hex(again).slice(32, 38), 'under another key').not.to.equal(hex(sealed).slice(32, 38));
    });

    it('who has another name, another key, or a key where there is none, opens nothing', () => {
      const spaces = [sealer, sealerOf('publik'), sealerOf('public', KEY), sealerOf('public', new Uint8Array(32)), sealerOf('other', KEY)];
      for (const maker of spaces) {
        const bytes = maker.seal('test/1', CONTENT);
        const openers = spaces.filter((space) => space.open('test/1', bytes) !== undefined);
        expect(openers).to.deep.equal([maker]);
      }
    });

    it('another domain, a changed byte, and what is cut or longer are refused', () => {
      expect(sealer.open('test/2', sealed)).to.equal(undefined);
      sealed.forEach((_, index) => {
        const changed = sealed.map((byte, at) => (at === index ? byte ^ 1 : byte));
        expect(sealer.open('test/1', changed), `byte ${index}`).to.equal(undefined);
        expect(sealer.open('test/1', sealed.subarray(0, index)), `${index} bytes`).to.equal(undefined);
      });
      expect(sealer.open('test/1', Uint8Array.of(...sealed, 0))).to.equal(undefined);
    });

    it('tags are the same for all members, and differ by space and domain', () => {
      const tags = [sealer.tag('a'), sealer.tag('b'), sealerOf('publik').tag('a'), sealerOf('public', KEY).tag('a')].map(hex);
      expect(new Set(tags).size).to.equal(4);
      expect(hex(sealerOf('public').tag('a'))).to.equal(tags[0]);
      expect(sealer.tag('a')).to.have.length(32);
    });
  });
}

describe('the sealers over node and noble', () => {
  it('open what the other one has sealed, and have the same tags', () => {
    const [native, portable] = [nodeCrypto, nobleCrypto].map(
      (crypto) => new SpaceSealer({ networkName: 'x', networkKey: KEY }, crypto, seededRandom('both')),
    ) as [SpaceSealer, SpaceSealer];
    expect(portable.open('d', native.seal('d', CONTENT))).to.deep.equal(CONTENT);
    expect(native.open('d', portable.seal('d', CONTENT))).to.deep.equal(CONTENT);
    expect(hex(native.tag('d'))).to.equal(hex(portable.tag('d')));
  });
});
