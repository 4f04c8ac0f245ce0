/** @module Tests of signed records: their bytes, what is read of them, and what is refused. */
import { expect } from 'chai';
import fc from 'fast-check';
import { isExpired, isGenuine, markOf, RECORD_LIMITS, readRecord, signRecord } from '../../../../behaviours/addressbook/book/record.js';
import { encodeValue, parseAddress } from '../../../../core/index.js';
import { nodeCrypto } from '../../../../core/platform/node/crypto-node.js';
import { Identity } from '../../../../core/security/identity.js';
import { NodeSigner } from '../../../../core/security/signer.js';
import { seededRandom } from '../../../../testing/index.js';
import { idOf, signerOf, WALL_MS } from '../support.js';

const ANNA = signerOf('anna');
const BEN = signerOf('ben');
const ADDRESSES = ['tcp://20.0.0.1:7400', 'ws://20.0.0.1:80/mesh'].map(parseAddress);

/** A record of Anna's with this body, whatever it is. */
function recordWith(body: Uint8Array): Uint8Array {
  return Uint8Array.of(...ANNA.sign('addressbook/record/1', body), ...body);
}

const fields = (given: object) => recordWith(encodeValue({ key: ANNA.publicKey, seq: 1, addresses: [], ...given }));

describe('signed records', () => {
  it('are read as they were signed', () => {
    const signed = signRecord(ADDRESSES, WALL_MS, ANNA);
    const read = readRecord(signed.bytes, BEN);
    expect(read).to.deep.equal(signed);
    expect(read?.nodeId).to.equal(idOf('anna'));
    expect(read?.addresses.map(({ text }) => text)).to.deep.equal(['tcp://20.0.0.1:7400', 'ws://20.0.0.1:80/mesh']);
    expect(isGenuine(signed, BEN)).to.equal(true);
  });

  it('are 64 bytes of signature and CBOR of key, seq and addresses', () => {
    const { bytes } = signRecord(ADDRESSES, WALL_MS, ANNA);
    const body = encodeValue({ key: ANNA.publicKey, seq: WALL_MS, addresses: ADDRESSES.map(({ text }) => text) });
    expect(bytes.subarray(64)).to.deep.equal(body);
    expect(bytes.subarray(0, 64)).to.deep.equal(ANNA.sign('addressbook/record/1', body));
    expect(markOf(bytes)).to.equal(Number(`0x${Buffer.from(bytes.subarray(0, 6)).toString('hex')}`));
  });

  it('of real keys are refused when any bit is changed', () => {
    const signer = new NodeSigner(Identity.generate(nodeCrypto, seededRandom('real')), nodeCrypto, 'public');
    const { bytes } = signRecord(ADDRESSES, WALL_MS, signer);
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const changed = bytes.slice();
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      const read = readRecord(changed, signer);
      expect(read === undefined || !isGenuine(read, signer), `bit ${bit}`).to.equal(true);
    }
    expect(isGenuine(signRecord(ADDRESSES, WALL_MS, signer), signer)).to.equal(true);
  });

  it('of another space are not genuine', () => {
    const elsewhere = new NodeSigner(Identity.fromSeed(new Uint8Array(32), nodeCrypto), nodeCrypto, 'elsewhere');
    const here = new NodeSigner(Identity.fromSeed(new Uint8Array(32), nodeCrypto), nodeCrypto, 'public');
    const record = signRecord(ADDRESSES, WALL_MS, elsewhere);
    expect([isGenuine(record, elsewhere), isGenuine(record, here)]).to.deep.equal([true, false]);
  });

  it('of another key under the same body are not genuine', () => {
    const { bytes } = signRecord(ADDRESSES, WALL_MS, ANNA);
    const forged = bytes.slice();
    forged.set(BEN.sign('addressbook/record/1', bytes.subarray(64)), 0);
    const read = readRecord(forged, BEN);
    expect(read?.nodeId).to.equal(idOf('anna'));
    expect(read !== undefined && isGenuine(read, BEN)).to.equal(false);
  });

  it('are nothing when a field is missing, of another kind or beyond its bound', () => {
    const long = `tcp://20.0.0.1:7400/${'x'.repeat(RECORD_LIMITS.addressCharactersMax)}`;
    const nine = Array.from({ length: 9 }, (_, index) => `tcp://20.0.0.${index}:7400`);
    const bad = [
      ...[{ key: undefined }, { key: new Uint8Array(31) }, { key: 'x'.repeat(32) }, { seq: -1 }, { seq: 1.5 }, { seq: 2n ** 60n }],
      ...[{ seq: '1' }, { addresses: 'tcp://20.0.0.1:7400' }, { addresses: [1] }, { addresses: nine }, { addresses: [long] }],
      { addresses: [[[]]] },
    ];
    for (const given of bad) expect(readRecord(fields(given), BEN), JSON.stringify(Object.keys(given))).to.equal(undefined);
    expect(readRecord(fields({}), BEN)?.addresses).to.deep.equal([]);
    expect(readRecord(fields({ more: 'fields are passed over' }), BEN)?.seq).to.equal(1);
    expect(readRecord(fields({ addresses: nine.slice(0, 8) }), BEN)?.addresses).to.have.length(8);
    for (const body of [[], [0xf6], [0x80], [0xa0], [0xff]])
      expect(readRecord(recordWith(Uint8Array.from(body)), BEN), `${body}`).to.equal(undefined);
    expect(readRecord(fields({ filler: 'x'.repeat(RECORD_LIMITS.bytesMax) }), BEN)).to.equal(undefined);
  });

  it('leave out addresses that are none, are named twice, or name another node (H-39)', () => {
    const texts = [
      ...['nonsense', 'TCP://20.0.0.1:7400', 'tcp://20.0.0.1:7400', `tcp://${idOf('ben')}@20.0.0.2:7400`],
      ...[`tcp://${idOf('anna')}@20.0.0.3:7400`, 'tcp://[fe80::1%25eth0]:1', `mesh://${idOf('ben')}`],
    ];
    const read = readRecord(fields({ addresses: texts }), BEN);
    expect(read?.addresses.map(({ text }) => text)).to.deep.equal(['tcp://20.0.0.1:7400', 'tcp://20.0.0.3:7400']);
  });

  it('that a node signs keep to the bounds that others check', () => {
    const many = Array.from({ length: 20 }, (_, index) => parseAddress(`tcp://20.0.0.${index}:7400`));
    const long = parseAddress(`tcp://20.0.0.1:7400/${'x'.repeat(400)}`);
    const { bytes } = signRecord([long, ...many], WALL_MS, ANNA);
    expect(readRecord(bytes, BEN)?.addresses.map(({ text }) => text)).to.deep.equal(many.slice(0, 8).map(({ text }) => text));
    const longest = Array.from({ length: 8 }, (_, index) => parseAddress(`tcp://20.0.0.1:7400/${index}${'x'.repeat(179)}`));
    expect(longest[0]?.text).to.have.length(200);
    expect(signRecord(longest, Number.MAX_SAFE_INTEGER, ANNA).bytes.length).to.be.at.most(RECORD_LIMITS.bytesMax);
  });

  it('row 48: live six hours from their signing', () => {
    const lifetimeMs = 6 * 3_600_000;
    expect([isExpired(-5, lifetimeMs - 6), isExpired(-5, lifetimeMs - 5)]).to.deep.equal([false, true]);
  });

  it('row 85: reading never throws, whatever the bytes', () => {
    const { bytes } = signRecord(ADDRESSES, WALL_MS, ANNA);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 6 }), fc.nat(bytes.length), (changes, length) => {
        const changed = bytes.slice(0, length);
        for (const [index, value] of changes) if (index < length) changed[index] = value;
        const read = readRecord(changed, BEN);
        if (read !== undefined) isGenuine(read, BEN);
      }),
    );
  });
});
