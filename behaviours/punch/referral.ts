/**
 * @module Referral: the signed word of a helper that one neighbour of it may approach another one, and where it sees that one: at the host of its own
 * authenticated line to it, and nowhere else. It carries the nonce of the attempt and ends with that, so that no clocks are compared:
 *
 *   key of the helper 32 bytes, signature 64 bytes, then what is signed:
 *   whom it is about 32 bytes, for whom it is 32 bytes, nonce 16 bytes, address (text)
 *
 * Pure but for the signer.
 */
import {
  type Address,
  ByteReader,
  ByteWriter,
  equalBytes,
  type NodeId,
  nodeIdToBytes,
  type Signer,
  tryParseAddress,
} from '../../core/index.js';
import { ADDRESS_BYTES_MAX, NONCE_BYTES } from './messages.js';

const DOMAIN = 'punch/referral/1';
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const ID_BYTES = 32;

/** Who is referred to whom, in which attempt, by whom. */
export interface ReferralFacts {
  readonly about: NodeId;
  readonly forNode: NodeId;
  readonly nonce: Uint8Array;
}

export function signReferral({ about, forNode, nonce }: ReferralFacts, at: Address, signer: Signer): Uint8Array {
  const body = new ByteWriter().bytes(nodeIdToBytes(about)).bytes(nodeIdToBytes(forNode)).bytes(nonce).utf8(at.text).written;
  return new ByteWriter().bytes(signer.publicKey).bytes(signer.sign(DOMAIN, body)).bytes(body).written;
}

/** Where the helper says that the node is; nothing where it is not the helper's word on just that. */
export function addressIn(referral: Uint8Array, facts: ReferralFacts, helper: NodeId, signer: Signer): Address | undefined {
  const reader = new ByteReader(referral);
  const [key, signature] = [reader.view(KEY_BYTES), reader.view(SIGNATURE_BYTES)];
  const body = referral.subarray(KEY_BYTES + SIGNATURE_BYTES);
  const [about, forNode, nonce] = [reader.view(ID_BYTES), reader.view(ID_BYTES), reader.view(NONCE_BYTES)];
  const addressBytes = reader.left;
  if (addressBytes > ADDRESS_BYTES_MAX) return undefined;
  const text = reader.utf8(addressBytes);
  const isMeant =
    reader.isComplete &&
    equalBytes(about, nodeIdToBytes(facts.about)) &&
    equalBytes(forNode, nodeIdToBytes(facts.forNode)) &&
    equalBytes(nonce, facts.nonce);
  if (!isMeant || signer.nodeIdOf(key) !== helper || !signer.verify(key, DOMAIN, body, signature)) return undefined;
  return tryParseAddress(text)?.withNodeId(facts.about);
}
