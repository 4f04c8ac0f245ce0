/** @module Tests of trust: the order in which a packet is judged, and referrals. */
import { expect } from 'chai';
import { REFERRAL_LIMITS } from '../../../behaviours/operator/messages.js';
import { judgePacket, type PacketFacts } from '../../../behaviours/operator/trust/order.js';
import { isGoodReferral, signReferral } from '../../../behaviours/operator/trust/referral.js';
import { platformCrypto } from '../../../core/platform/node/platform-crypto.js';
import { NodeSigner } from '../../../core/security/signer.js';
import { Identity } from '../../../index.js';

const stranger: PacketFacts = { isLine: false, signature: 'none', isAddressed: true, referral: 'none', needs: 'open' };
const judged = (facts: Partial<PacketFacts>) => {
  const verdict = judgePacket({ ...stranger, ...facts });
  return verdict === 'hold' ? verdict : 'trust' in verdict ? verdict.trust : `drop: ${verdict.drop}`;
};

describe('the order of trust', () => {
  it('signatures, then who is named, then line and referral, then what needs a mark, then what needs a line (TH-17)', () => {
    const worst: PacketFacts = { isLine: false, signature: 'bad', isAddressed: false, referral: 'bad', needs: 'line' };
    expect(judged(worst)).to.equal('drop: signature');
    expect(judged({ ...worst, signature: 'unknown' })).to.equal('hold');
    expect(judged({ ...worst, signature: 'none' })).to.equal('drop: address');
    expect(judged({ ...worst, signature: 'none', isAddressed: true })).to.equal('drop: referral');
    expect(judged({ needs: 'line' })).to.equal('drop: untrusted');
    expect(judged({ needs: 'line', signature: 'good' })).to.equal('drop: no-line');
    expect(judged({ needs: 'line', isLine: true, isAddressed: false })).to.equal('line');
  });

  it('a packet without a line must say from whom and to whom it is (TH-19 as routed messages, DESIGN 10)', () => {
    expect(judged({})).to.equal('none');
    expect(judged({ isAddressed: false })).to.equal('drop: address');
    expect(judged({ isAddressed: false, signature: 'good' })).to.equal('drop: address');
  });

  it('each mark stands for itself, the strongest counts, and a bad one is never passed over for another (TH-20)', () => {
    expect(judged({ isLine: true, signature: 'good', referral: 'good' })).to.equal('line');
    expect(judged({ signature: 'good', referral: 'good' })).to.equal('signed');
    expect(judged({ referral: 'good', needs: 'trusted' })).to.equal('via');
    expect(judged({ needs: 'trusted' })).to.equal('drop: untrusted');
    expect(judged({ isLine: true, signature: 'bad' })).to.equal('drop: signature');
    expect(judged({ isLine: true, referral: 'bad' })).to.equal('drop: referral');
  });
});

describe('a referral', () => {
  const seed = (byte: number) => Identity.fromSeed(new Uint8Array(32).fill(byte));
  const [a, b, c, d] = [seed(1), seed(2), seed(3), seed(4)];
  const signerOf = (identity: Identity) => new NodeSigner(identity, platformCrypto(), 'shop.example');
  const session = new Uint8Array(32).fill(9);
  /** The two ends of one line were proven at different times of clocks that have nothing to do with each other. */
  const atB = { channelBinding: session, provenMs: 1_000, nodeId: c.nodeId };
  const atC = { channelBinding: session, provenMs: 77_000, nodeId: b.nodeId };
  const referral = signReferral(a.nodeId, atB, 6_000, signerOf(b));
  const facts = { from: a.nodeId, self: c.nodeId, line: atC, key: b.publicKey, nowMs: 82_000 };
  const isGood = (given: Uint8Array, change: Partial<typeof facts> = {}) => isGoodReferral(given, { ...facts, ...change }, signerOf(c));

  it('is good for this sender, this receiver and this line alone, and for 10 s by the age of the line (TH-20, H-59)', () => {
    expect(isGood(referral)).to.equal(true);
    expect(isGood(referral, { from: d.nodeId })).to.equal(false);
    expect(isGood(referral, { self: d.nodeId })).to.equal(false);
    expect(isGood(referral, { line: { ...atC, channelBinding: new Uint8Array(32) } })).to.equal(false);
    expect(isGood(referral, { line: { ...atC, nodeId: d.nodeId }, key: d.publicKey })).to.equal(false);
    expect(isGood(referral, { key: d.publicKey })).to.equal(false);
    expect(isGood(referral, { nowMs: 82_000 + REFERRAL_LIMITS.lifetimeMs })).to.equal(true);
    expect(isGood(referral, { nowMs: 82_001 + REFERRAL_LIMITS.lifetimeMs })).to.equal(false);
  });

  it('is none with any bit flipped, at any other length, or signed by another', () => {
    for (let at = 0; at < referral.length; at++) {
      const bad = referral.slice();
      bad[at] = (bad[at] as number) ^ 1;
      expect(isGood(bad), `byte ${at}`).to.equal(false);
      expect(isGood(referral.subarray(0, at)), `length ${at}`).to.equal(false);
    }
    expect(isGood(signReferral(a.nodeId, atB, 6_000, signerOf(d)))).to.equal(false);
  });
});
