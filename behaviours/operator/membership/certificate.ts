/**
 * @module Certificate: the word of a space's authority that a key is a member of the space from one point of wall time to another. CBOR of
 * `{ space, authority, key, serial, from, until }` behind its signature (`signed.ts`). How one is judged, and in which order, stands in `judge`. Pure but
 * for the signer.
 */
import { decodeValue, encodeValue, equalBytes, type Identity, type NodeId, type Signer } from '../../../core/index.js';
import { bytes, fields, type Infer, messageReader, text, whole } from '../../../core/schema/index.js';
import { CERTIFICATE_LIMITS } from '../messages.js';
import { bodyOf, isSignedBy, KEY_BYTES, sealed } from '../signed.js';
import type { RevocationList } from './revocation-list.js';

const DOMAIN = 'operator/certificate/1';
const VALUE_LIMITS = { valueDepthMax: 1, valueItemsMax: 32 };
const FIELDS = fields({
  space: text(CERTIFICATE_LIMITS.spaceCharactersMax, { min: 1 }),
  authority: bytes(KEY_BYTES),
  key: bytes(KEY_BYTES),
  serial: whole(),
  from: whole(),
  until: whole(),
});
const readFields = messageReader(FIELDS);

/** What a certificate says. Nothing of it is checked. */
export interface Certificate extends Infer<typeof FIELDS> {
  /** The node that the key belongs to. */
  readonly nodeId: NodeId;
  readonly bytes: Uint8Array;
}

/** Why a certificate is not accepted. */
export const REFUSALS = {
  malformed: 'the membership certificate is malformed',
  'other-space': 'the membership certificate is for another space',
  'other-authority': 'the membership certificate is of another authority',
  'other-node': 'the membership certificate is for another node',
  'bad-signature': 'the signature of the membership certificate is wrong',
  revoked: 'the membership certificate was revoked',
  'not-yet-valid': 'the membership certificate is not valid yet',
  expired: 'the membership certificate has expired',
} as const;

/** Why a certificate is not accepted, as a word. */
export type CertificateRefusal = keyof typeof REFUSALS;

/** What a certificate is held against. */
export interface Judgement {
  readonly space: string;
  /** The authority's public key. */
  readonly authority: Uint8Array;
  readonly signer: Signer;
  readonly revocations: RevocationList | undefined;
  /** This node's wall clock, and by how much it may be wrong. */
  readonly wallMs: number;
  readonly toleranceMs: number;
}

/** What an authority puts into a certificate. */
type CertificateContent = Omit<Infer<typeof FIELDS>, 'space' | 'authority'>;

export function signCertificate(space: string, authority: Identity, { key, serial, from, until }: CertificateContent): Uint8Array {
  return sealed(space, authority, DOMAIN, encodeValue({ space, authority: authority.publicKey, key, serial, from, until }));
}

/** Reads what a remote presents; nothing for what is no certificate. Its signature is not checked. */
export function readCertificate(given: Uint8Array, signer: Signer): Certificate | undefined {
  const body = given.length <= CERTIFICATE_LIMITS.bytesMax ? bodyOf(given) : undefined;
  const read = body && readFields(decodeValue(body, VALUE_LIMITS)?.value);
  return read && { ...read, nodeId: signer.nodeIdOf(read.key), bytes: given };
}

/** Why `node` is no member by this certificate; nothing when it is one. In the order of `REFUSALS`; the signature is checked before time counts. */
export function judge(certificate: Certificate, node: NodeId, by: Judgement): CertificateRefusal | undefined {
  const { space, authority, nodeId, serial } = certificate;
  if (space !== by.space) return 'other-space';
  if (!equalBytes(authority, by.authority)) return 'other-authority';
  if (nodeId !== node) return 'other-node';
  if (!isSignedBy(by.authority, DOMAIN, certificate.bytes, by.signer)) return 'bad-signature';
  if (by.revocations?.has(nodeId, serial) === true) return 'revoked';
  return judgeTime(certificate, by);
}

/** The part of it that changes while time passes. */
export function judgeTime({ from, until }: Certificate, { wallMs, toleranceMs }: Judgement): CertificateRefusal | undefined {
  if (wallMs < from - toleranceMs) return 'not-yet-valid';
  return wallMs > until + toleranceMs ? 'expired' : undefined;
}
