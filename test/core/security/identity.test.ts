/**
 * @module Identity: how node ids are derived, that a seed makes one identity, and that secrets stay inside.
 */
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { NetworkError } from '../../../core/errors.js';
import { nodeCrypto } from '../../../core/platform/node/crypto-node.js';
import { Identity, nodeIdOf } from '../../../core/security/identity.js';
import { Identity as Door } from '../../../index.js';
import { simulatedCrypto } from '../../../transports/simulated/index.js';
import { BACKENDS, bytes, hex, seededRandom } from './support.js';

const SEED = bytes('0123456789abcdef'.repeat(4));

describe('Identity', () => {
  it('has the node id SHA-256 of domain, key type 1 and public key', () => {
    const identity = Identity.fromSeed(SEED, nodeCrypto);
    const wanted = createHash('sha256').update('meshwright/id/1').update(Uint8Array.of(1)).update(identity.publicKey).digest('hex');
    expect(identity.nodeId).equal(wanted);
    expect(nodeIdOf(identity.publicKey, nodeCrypto)).equal(wanted);
  });

  it('is the recorded one for a fixed seed, on both backends', () => {
    for (const crypto of BACKENDS) {
      const identity = Identity.fromSeed(SEED, crypto);
      expect([hex(identity.publicKey), identity.nodeId]).deep.equal([
        '207a067892821e25d770f1fba0c47c11ff4b813e54162ece9eb839e076231ab6',
        '81579deb0e321bd5af432052e0220d9fcb48ccb897fd969b6fad80631b34b3fd',
      ]);
      expect(crypto.isAcceptablePublicKey(identity.publicKey)).equal(true);
    }
  });

  it('signs what its public key verifies, and the same bytes on both backends', () => {
    const signatures = BACKENDS.map((crypto) => Identity.fromSeed(SEED, crypto).sign(bytes('aabb')));
    expect(hex(signatures[0])).equal(hex(signatures[1]));
    expect(nodeCrypto.verify(Identity.fromSeed(SEED, nodeCrypto).publicKey, bytes('aabb'), signatures[0] as Uint8Array)).equal(true);
  });

  it('is generated from the random port: the same for one seed, another for the next', () => {
    const [first, again, other] = [1, 1, 2].map((seed) => Identity.generate(nodeCrypto, seededRandom(seed)).nodeId);
    expect(first).equal(again);
    expect(first).not.equal(other);
  });

  it('wants a seed of exactly 32 bytes', () => {
    for (const length of [0, 31, 33])
      expect(() => Identity.fromSeed(new Uint8Array(length), nodeCrypto))
        .to.throw(NetworkError, '32 bytes')
        .with.property('code', 'CRYPTO_FAILED');
    expect(() => Identity.fromSeed('00'.repeat(32) as unknown as Uint8Array, nodeCrypto)).to.throw(NetworkError, 'Uint8Array');
  });

  it('keeps a seed of its own: neither the argument nor the export is shared', () => {
    const seed = SEED.slice();
    const identity = Identity.fromSeed(seed, nodeCrypto);
    const signature = hex(identity.sign(bytes('01')));
    seed.fill(0);
    identity.exportSeed().fill(0);
    expect([hex(identity.exportSeed()), hex(identity.sign(bytes('01')))]).deep.equal([hex(SEED), signature]);
  });

  it('row 90: shows its node id and never its seed when printed, logged or encoded', () => {
    for (const crypto of BACKENDS) {
      const identity = Identity.fromSeed(SEED, crypto);
      const shown = [
        String(identity),
        inspect(identity, { depth: 9, showHidden: true }),
        inspect({ identity }),
        JSON.stringify({ identity }),
        `${Object.values(identity)}`,
      ].join('\n');
      expect(shown).not.include(hex(SEED));
      expect(shown).not.include(SEED.join(','));
      expect(JSON.parse(JSON.stringify(identity))).deep.equal({ nodeId: identity.nodeId });
      expect(String(identity)).equal(`Identity(${identity.nodeId.slice(0, 8)})`);
    }
  });

  it('ATM-01: is ground to a zone of one or two bytes, and repeats with its chance', () => {
    const random = () => seededRandom(77);
    const [one, again, two] = ['2a', '2a', '2a07'].map((zone) => Identity.generate(simulatedCrypto, random(), { zone }));
    expect(one?.nodeId.slice(0, 2)).equal('2a');
    expect(again?.nodeId).equal(one?.nodeId);
    expect(two?.nodeId.slice(0, 4)).equal('2a07');
    expect(Identity.generate(nodeCrypto, random(), { zone: '07' }).nodeId.slice(0, 2)).equal('07');
  });

  it('refuses zones that are none, before a key is made', () => {
    const random = { bytes: () => expect.fail('a key is made'), float: () => 0 };
    for (const zone of ['2', '2A', '2a0', '2a07f', '2a07ff', 'zz', ' 2a', 42, {}])
      expect(() => Identity.generate(nodeCrypto, random, { zone: zone as string }), String(zone))
        .to.throw(NetworkError)
        .with.property('code', 'ARGUMENT_INVALID');
  });

  it('gives up when chance only repeats itself, instead of trying for ever', () => {
    const stuck = { bytes: (count: number) => new Uint8Array(count), float: () => 0 };
    const { nodeId } = Identity.generate(simulatedCrypto, stuck);
    const zone = nodeId.startsWith('00') ? 'ff' : '00';
    expect(() => Identity.generate(simulatedCrypto, stuck, { zone }))
      .to.throw(NetworkError)
      .with.property('code', 'CRYPTO_FAILED');
    expect(Identity.generate(simulatedCrypto, stuck, { zone: nodeId.slice(0, 2) }).nodeId).equal(nodeId);
  });

  it('refuses what are no options, and misspelt ones', () => {
    for (const options of ['2a', null, 5, { zon: '2a' }, { zone: '2A' }])
      expect(() => Door.generate(options as never), JSON.stringify(options))
        .to.throw(NetworkError)
        .with.property('code', 'ARGUMENT_INVALID');
  });

  it('comes from the entry point of the package without ports, and is the same class there', () => {
    const identity = Door.generate({ zone: 'c0' });
    expect(identity.nodeId.slice(0, 2)).equal('c0');
    expect([identity instanceof Door, identity instanceof Identity]).eql([true, true]);
    expect(Door.fromSeed(identity.exportSeed()).nodeId).equal(identity.nodeId);
    const simulated = Door.generate({ zone: 'c0', crypto: simulatedCrypto, random: seededRandom(3) });
    expect(simulated.nodeId).equal(Identity.generate(simulatedCrypto, seededRandom(3), { zone: 'c0' }).nodeId);
    expect(Door.fromSeed(simulated.exportSeed(), simulatedCrypto).nodeId).equal(simulated.nodeId);
  });
});
