/**
 * @module Referral: the signed word of a node B to its neighbour C that A, a neighbour of B too, may approach C. It names the session of the line between
 * B and C, and how old that line was: it ends with the line, and 10 s after it was given. Both sides measure from the proof of that line, so that no
 * clocks are compared. CBOR of `{ from, to, session, age }` behind its signature (`signed.ts`). Pure but for the signer.
 */
import { type Connection, decodeValue, encodeValue, equalBytes, type NodeId, nodeIdToBytes, type Signer } from '../../../core/index.js';
import { bytes, fields, messageReader, whole } from '../../../core/schema/index.js';
import { REFERRAL_LIMITS } from '../messages.js';
import { bodyOf, isSignedBy, sealedBy } from '../signed.js';

const DOMAIN = 'operator/referral/1';
const SESSION_BYTES = 16;
const ID_BYTES = 32;
const readFields = messageReader(fields({ from: bytes(ID_BYTES), to: bytes(ID_BYTES), session: bytes(SESSION_BYTES), age: whole() }));

type Line = Pick<Connection, 'channelBinding' | 'provenMs' | 'nodeId'>;

/** `line`: this node's connection to the one that is to be approached. */
export function signReferral(from: NodeId, line: Line, nowMs: number, signer: Signer): Uint8Array {
  const body = encodeValue({
    from: nodeIdToBytes(from),
    to: nodeIdToBytes(line.nodeId),
    session: line.channelBinding.subarray(0, SESSION_BYTES),
    age: Math.max(0, Math.floor(nowMs - line.provenMs)),
  });
  return sealedBy(signer, DOMAIN, body);
}

/** What a referral is held against. */
export interface ReferralFacts {
  readonly from: NodeId;
  readonly self: NodeId;
  /** The open line to the node that has referred, and its key. */
  readonly line: Line;
  readonly key: Uint8Array;
  readonly nowMs: number;
}

export function isGoodReferral(given: Uint8Array, { from, self, line, key, nowMs }: ReferralFacts, signer: Signer): boolean {
  const body = given.length <= REFERRAL_LIMITS.bytesMax ? bodyOf(given) : undefined;
  const read = body && readFields(decodeValue(body)?.value);
  if (read === undefined || !equalBytes(read.from, nodeIdToBytes(from)) || !equalBytes(read.to, nodeIdToBytes(self))) return false;
  if (!equalBytes(read.session, line.channelBinding.subarray(0, SESSION_BYTES))) return false;
  const ageMs = nowMs - line.provenMs - read.age;
  if (Math.abs(ageMs) > REFERRAL_LIMITS.lifetimeMs) return false;
  return signer.nodeIdOf(key) === line.nodeId && isSignedBy(key, DOMAIN, given, signer);
}
