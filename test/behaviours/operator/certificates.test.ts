/** @module Tests of certificates and revocation lists: what is signed is judged as it was received, and by whom, for whom, and when. */
import { expect } from 'chai';
import { SpaceAuthority } from '../../../behaviours/operator/index.js';
import { type CertificateRefusal, judge, readCertificate } from '../../../behaviours/operator/membership/certificate.js';
import { RevocationList } from '../../../behaviours/operator/membership/revocation-list.js';
import { REVOCATION_LIMITS } from '../../../behaviours/operator/messages.js';
import { platformCrypto } from '../../../core/platform/node/platform-crypto.js';
import { NodeSigner } from '../../../core/security/signer.js';
import { Identity, type NodeId } from '../../../index.js';

const SPACE = 'shop.example';
const NOW_MS = 1_800_000_000_000;
const TOLERANCE_MS = 300_000;
const HOUR_MS = 3_600_000;
const seed = (byte: number) => Identity.fromSeed(new Uint8Array(32).fill(byte));
const [owner, member, other, rival] = [seed(1), seed(2), seed(3), seed(4)];
const authority = new SpaceAuthority(SPACE, owner);
const valid = { fromMs: NOW_MS - HOUR_MS, untilMs: NOW_MS + HOUR_MS };
const signer = new NodeSigner(other, platformCrypto(), SPACE);

interface Case {
  readonly certificate?: Uint8Array;
  readonly node?: NodeId;
  readonly wallMs?: number;
  readonly revocations?: Uint8Array;
}

function verdict({ certificate = authority.issue(member, valid), node = member.nodeId, wallMs = NOW_MS, revocations }: Case) {
  const read = readCertificate(certificate, signer);
  if (read === undefined) return 'malformed';
  const by = { space: SPACE, authority: owner.publicKey, signer };
  const list = revocations && RevocationList.read(revocations, by);
  return judge(read, node, { ...by, revocations: list, wallMs, toleranceMs: TOLERANCE_MS });
}

/** One with the bit of a byte flipped. */
function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
}

describe('membership certificates', () => {
  const issued = authority.issue(member, valid);
  const cases: readonly (readonly [string, Case, CertificateRefusal | undefined])[] = [
    ['accepted within their time', {}, undefined],
    ['accepted at their first instant', { wallMs: valid.fromMs }, undefined],
    ['accepted 5 min before it, and not 1 ms earlier', { wallMs: valid.fromMs - TOLERANCE_MS }, undefined],
    ['refused 5 min and 1 ms before it', { wallMs: valid.fromMs - TOLERANCE_MS - 1 }, 'not-yet-valid'],
    ['accepted 5 min after their end', { wallMs: valid.untilMs + TOLERANCE_MS }, undefined],
    ['refused 1 ms later', { wallMs: valid.untilMs + TOLERANCE_MS + 1 }, 'expired'],
    ['refused by a clock that is a year ahead', { wallMs: NOW_MS + 365 * 24 * HOUR_MS }, 'expired'],
    ['refused by a clock that is a year behind', { wallMs: NOW_MS - 365 * 24 * HOUR_MS }, 'not-yet-valid'],
    ['refused for another node', { node: other.nodeId }, 'other-node'],
    ['refused of another authority', { certificate: new SpaceAuthority(SPACE, rival).issue(member, valid) }, 'other-authority'],
    ['refused for another space', { certificate: new SpaceAuthority('other.example', owner).issue(member, valid) }, 'other-space'],
    ['refused once the node is revoked', { revocations: new SpaceAuthority(SPACE, owner).revoke(member.nodeId) }, 'revoked'],
    ['refused up to the revoked serial', { revocations: new SpaceAuthority(SPACE, owner).revoke(member.nodeId, valid.fromMs) }, 'revoked'],
    ['accepted beyond it', { revocations: new SpaceAuthority(SPACE, owner).revoke(member.nodeId, valid.fromMs - 1) }, undefined],
    ['accepted while another node is revoked', { revocations: new SpaceAuthority(SPACE, owner).revoke(other.nodeId) }, undefined],
    [
      'refused as revoked rather than as expired',
      { wallMs: NOW_MS + 9 * HOUR_MS, revocations: new SpaceAuthority(SPACE, owner).revoke(member.nodeId) },
      'revoked',
    ],
    ['refused empty', { certificate: new Uint8Array(0) }, 'malformed'],
    ['refused without a body', { certificate: issued.subarray(0, 64) }, 'malformed'],
    ['refused with a byte more', { certificate: Uint8Array.of(...issued, 0) }, 'malformed'],
    ['refused larger than they may be', { certificate: new Uint8Array(513) }, 'malformed'],
  ];
  for (const [fact, given, expected] of cases) it(`are ${fact}`, () => expect(verdict(given)).to.equal(expected));

  it('are refused with any bit flipped, and at every length', () => {
    for (let at = 0; at < issued.length; at++) {
      expect(verdict({ certificate: flipped(issued, at) }), `byte ${at}`).to.be.a('string');
      expect(verdict({ certificate: issued.subarray(0, at) }), `length ${at}`).to.equal('malformed');
    }
    expect(verdict({ certificate: flipped(issued, 0) })).to.equal('bad-signature');
  });

  it('of a name that the authority claims in the body only are refused: the signature covers the space', () => {
    const read = readCertificate(issued, signer);
    const elsewhere = new NodeSigner(other, platformCrypto(), 'other.example');
    const by = { space: SPACE, authority: owner.publicKey, signer: elsewhere, revocations: undefined, wallMs: NOW_MS, toleranceMs: 0 };
    expect(read && judge(read, member.nodeId, by)).to.equal('bad-signature');
  });
});

describe('a space authority', () => {
  it('continues its list, and does not take that of another', () => {
    const first = new SpaceAuthority(SPACE, owner);
    expect(first.revocations).to.equal(undefined);
    const list = first.revoke(member.nodeId, 7);
    const second = new SpaceAuthority(SPACE, owner, list);
    second.revoke(other.nodeId, 3);
    second.revoke(member.nodeId, 5);
    const by = { space: SPACE, authority: owner.publicKey, signer };
    const read = RevocationList.read(second.revocations as Uint8Array, by);
    expect([read?.number, read?.size, read?.has(member.nodeId, 7), read?.has(member.nodeId, 8), read?.has(other.nodeId, 3)]).to.deep.equal([
      3,
      2,
      true,
      false,
      true,
    ]);
    expect(RevocationList.read(second.forget([other.nodeId]), by)?.size).to.equal(1);
    for (const wrong of [() => new SpaceAuthority(SPACE, rival, list), () => new SpaceAuthority('other.example', owner, list)])
      expect(wrong).to.throw().with.property('code', 'ARGUMENT_INVALID');
    expect(RevocationList.read(flipped(list, 70), by)).to.equal(undefined);
    expect(RevocationList.read(flipped(list, 3), by)).to.equal(undefined);
    expect(RevocationList.read(list, { ...by, authority: rival.publicKey })).to.equal(undefined);
  });

  it('names what is wrong with what it is asked to sign', () => {
    const wrong: readonly (() => unknown)[] = [
      () => new SpaceAuthority('', owner),
      () => new SpaceAuthority('s'.repeat(65), owner),
      () => authority.issue({ publicKey: new Uint8Array(31) }, valid),
      () => authority.issue(member, { fromMs: -1, untilMs: 1 }),
      () => authority.issue(member, { fromMs: 2, untilMs: 1 }),
      () => authority.issue(member, { ...valid, serial: 0.5 }),
      () => authority.revoke('nobody' as NodeId),
      () => authority.revoke(member.nodeId, -1),
    ];
    for (const each of wrong) expect(each, String(each)).to.throw().with.property('code', 'ARGUMENT_INVALID');
  });

  it('revokes 8,192 nodes, and not one more', () => {
    const many = new Map(
      Array.from({ length: REVOCATION_LIMITS.revokedMax }, (_, index) => [index.toString(16).padStart(64, '0') as NodeId, 1]),
    );
    const full = RevocationList.sign(SPACE, owner, 1, many);
    expect(full.bytes.length).to.be.at.most(REVOCATION_LIMITS.bytesMax);
    const by = { space: SPACE, authority: owner.publicKey, signer };
    expect(RevocationList.read(full.bytes, by)?.size).to.equal(REVOCATION_LIMITS.revokedMax);
    const last = new SpaceAuthority(SPACE, owner, full.bytes);
    expect(() => last.revoke(member.nodeId))
      .to.throw()
      .with.property('code', 'LIMIT_EXCEEDED');
    expect(() => last.revoke([...many.keys()][0] as NodeId, 2)).to.not.throw();
  });
});
