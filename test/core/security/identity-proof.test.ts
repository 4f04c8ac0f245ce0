/**
 * @module Identity proof: the layout byte by byte, what the signature covers, and every refusal.
 */
import { expect } from 'chai';
import { nodeCrypto } from '../../../core/platform/node/crypto-node.js';
import { Identity } from '../../../core/security/identity.js';
import { checkProof, type ProofContext, signedBytes, writeProof } from '../../../core/security/identity-proof.js';
import { ALICE, BACKENDS, BOB, bytes, hex, joined, SMALL_ORDER_ED25519 } from './support.js';

const CONTEXT: ProofContext = {
  isInitiator: true,
  prologueHash: bytes('a1'.repeat(32)),
  staticKey: bytes('b2'.repeat(32)),
  transcriptHash: bytes('c3'.repeat(32)),
};
const INSTANCE = bytes('0102030405060708');
const SIGNED = `${Buffer.from('meshwright/noise-static/1').toString('hex')}0000${'a1'.repeat(32)}${'b2'.repeat(32)}${'c3'.repeat(32)}`;

const proof = (): Uint8Array => writeProof(ALICE.identity, INSTANCE, CONTEXT);

/** The same proof in the form without key 3. */
function withoutInstance(full: Uint8Array): Uint8Array {
  const short = full.slice(0, 103);
  short[0] = 0xa2;
  return short;
}

describe('identity proof', () => {
  it('signs domain, zero, role, prologue hash, static key and transcript hash', () => {
    expect(hex(signedBytes(CONTEXT))).equal(SIGNED);
    expect(hex(signedBytes({ ...CONTEXT, isInitiator: false }))).equal(SIGNED.replace('310000', '310001'));
  });

  it('is a CBOR map of three keys in a fixed layout', () => {
    const { publicKey } = ALICE.identity;
    const signature = ALICE.identity.sign(bytes(SIGNED));
    expect(hex(proof())).equal(`a3015820${hex(publicKey)}025840${hex(signature)}0348${hex(INSTANCE)}`);
  });

  it('gives key and instance back, on both backends', () => {
    for (const crypto of BACKENDS) {
      const proven = checkProof(proof(), CONTEXT, crypto);
      expect([hex(proven?.publicKey), hex(proven?.instance)]).deep.equal([hex(ALICE.identity.publicKey), hex(INSTANCE)]);
    }
  });

  it('reads a map without key 3 as instance zero', () => {
    expect(hex(checkProof(withoutInstance(proof()), CONTEXT, nodeCrypto)?.instance)).equal('00'.repeat(8));
  });

  it('does not alias the payload', () => {
    const payload = proof();
    const proven = checkProof(payload, CONTEXT, nodeCrypto);
    payload.fill(0);
    expect([hex(proven?.publicKey), hex(proven?.instance)]).deep.equal([hex(ALICE.identity.publicKey), hex(INSTANCE)]);
  });

  it('refuses any other role, prologue, static key or transcript', () => {
    const others: readonly ProofContext[] = [
      { ...CONTEXT, isInitiator: false },
      { ...CONTEXT, prologueHash: bytes('a2'.repeat(32)) },
      { ...CONTEXT, staticKey: bytes('b3'.repeat(32)) },
      { ...CONTEXT, transcriptHash: bytes('c4'.repeat(32)) },
    ];
    for (const other of others) expect(checkProof(proof(), other, nodeCrypto)).equal(undefined);
  });

  it('refuses every single changed bit outside of the instance, which the channel protects', () => {
    const payload = proof();
    for (let index = 0; index < payload.length - 8; index++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = payload.slice();
        changed[index] = (changed[index] as number) ^ (1 << bit);
        expect(checkProof(changed, CONTEXT, nodeCrypto), `byte ${index} bit ${bit}`).equal(undefined);
      }
    }
  });

  it('refuses every truncation and every trailing byte', () => {
    for (const whole of [proof(), withoutInstance(proof())]) {
      for (let length = 0; length < whole.length; length++)
        expect(checkProof(whole.subarray(0, length), CONTEXT, nodeCrypto)).equal(undefined);
      expect(checkProof(joined([whole, bytes('00')]), CONTEXT, nodeCrypto)).equal(undefined);
    }
  });

  it('refuses other spellings: map head of the other form, keys in other order, longer heads, a fourth key', () => {
    const text = hex(proof()) as string;
    const spellings = [
      `a2${text.slice(2)}`,
      `a3${text.slice(2, 206)}`,
      `a4${text.slice(2)}0400`,
      `b803${text.slice(2)}`,
      `a3${text.slice(72, 206)}${text.slice(2, 72)}${text.slice(206)}`,
      text.replace('015820', '01590020'),
      `bf${text.slice(2)}ff`,
    ];
    for (const spelling of spellings) expect(checkProof(bytes(spelling), CONTEXT, nodeCrypto), spelling.slice(0, 12)).equal(undefined);
  });

  it('row 12: refuses the 14 weak keys, though a plain verification takes such forgeries', () => {
    for (const crypto of BACKENDS) {
      for (const key of SMALL_ORDER_ED25519) {
        const forged = joined([bytes('a3015820'), key, bytes('025840'), bytes(`01${'00'.repeat(63)}`), bytes('0348'), INSTANCE]);
        expect(checkProof(forged, CONTEXT, crypto), hex(key)).equal(undefined);
      }
    }
  });

  it('refuses a proof under the key of another node', () => {
    const payload = proof();
    payload.set(BOB.identity.publicKey, 4);
    expect(checkProof(payload, CONTEXT, nodeCrypto)).equal(undefined);
    expect(checkProof(writeProof(Identity.fromSeed(bytes('09'.repeat(32)), nodeCrypto), INSTANCE, CONTEXT), CONTEXT, nodeCrypto)).not.equal(
      undefined,
    );
  });
});
