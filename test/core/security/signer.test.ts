/** @module Tests of the signer that behaviours get: what it signs is good for one space and one domain, and for nothing else. */
import { expect } from 'chai';
import { nodeCrypto } from '../../../core/platform/node/crypto-node.js';
import { nobleCrypto } from '../../../core/security/crypto-noble.js';
import { Identity } from '../../../core/security/identity.js';
import { NodeSigner } from '../../../core/security/signer.js';
import { seededRandom } from '../../../testing/index.js';

const MESSAGE = Uint8Array.of(1, 2, 3);

for (const crypto of [nodeCrypto, nobleCrypto]) {
  describe(`the signer over ${crypto.name}`, () => {
    const identity = Identity.generate(crypto, seededRandom('signer'));
    const signer = new NodeSigner(identity, crypto, 'public');
    const signature = signer.sign('test/1', MESSAGE);

    it('signs with the identity of the node', () => {
      expect(signer.publicKey).to.deep.equal(identity.publicKey);
      expect(signer.nodeIdOf(signer.publicKey)).to.equal(identity.nodeId);
      expect(signature).to.have.length(64);
      expect(signer.verify(signer.publicKey, 'test/1', MESSAGE, signature)).to.equal(true);
    });

    it('signs the context, the space and the domain each after its length, and the message', () => {
      const text = (string: string) => [string.length >>> 8, string.length, ...new TextEncoder().encode(string)];
      const bytes = Uint8Array.of(...new TextEncoder().encode('meshwright/signed/1'), ...text('public'), ...text('test/1'), 1, 2, 3);
      expect(signature).to.deep.equal(identity.sign(bytes));
    });

    it('refuses another space, domain, message or key, and what runs from one into the other', () => {
      const verify = (space: string, domain: string, message: Uint8Array) =>
        new NodeSigner(identity, crypto, space).verify(signer.publicKey, domain, message, signature);
      expect(verify('public', 'test/1', MESSAGE)).to.equal(true);
      expect(verify('publik', 'test/1', MESSAGE)).to.equal(false);
      expect(verify('public', 'test/2', MESSAGE)).to.equal(false);
      expect(verify('public', 'test/1', Uint8Array.of(1, 2))).to.equal(false);
      expect(verify('publi', 'ctest/1', MESSAGE)).to.equal(false);
      expect(verify('public', 'test', new Uint8Array([...new TextEncoder().encode('/1'), ...MESSAGE]))).to.equal(false);
      const stranger = Identity.generate(crypto, seededRandom('stranger'));
      expect(signer.verify(stranger.publicKey, 'test/1', MESSAGE, signature)).to.equal(false);
      expect(signer.verify(signer.publicKey, 'test/1', MESSAGE, signature.slice(1))).to.equal(false);
    });

    it('refuses keys of small order, for which anybody can sign', () => {
      const weak = new Uint8Array(32);
      weak[0] = 1;
      const forged = new Uint8Array(64);
      forged[0] = 1;
      expect(signer.verify(weak, 'test/1', MESSAGE, forged)).to.equal(false);
      expect(signer.verify(new Uint8Array(31), 'test/1', MESSAGE, forged)).to.equal(false);
    });

    it('hashes by SHA-256', () => {
      const hex = Buffer.from(signer.hash(new TextEncoder().encode('abc'))).toString('hex');
      expect(hex).to.equal('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    });

    it('shows no secret', () => {
      signer.publicKey.fill(0);
      expect(signer.publicKey, 'a copy').to.deep.equal(identity.publicKey);
      expect(JSON.stringify(signer)).to.equal('{}');
    });
  });
}
