/**
 * @module Messages of the operator, service 11, as CBOR lists. The first four are for neighbours only; the sender of a packet may be anywhere.
 *
 *   1 have     the number of the sender's revocation list (0: none)
 *   2 get      asks for the receiver's list
 *   3 list     the list, as its authority has signed it
 *   4 renewed  the sender's new certificate
 *   5 packet   { from, to, body } of 32, 32 and at most 4,096 bytes, the body in CBOR; with `mark` (8 random bytes) and `signature` a signed one,
 *              with `via` and `referral` a referred one
 *
 * Calls: the method `op` with `{ who }`; a request that comes over relays also has `{ key, nonce, signature, certificate? }`. The answer is `{ key, time, addresses,
 * certificate?, referral? }`.
 */
import { joinBytes, type NodeId, nodeIdToBytes } from '../../core/index.js';
import {
  byFirst,
  bytes,
  fallback,
  fields,
  type Infer,
  list,
  messageReader,
  oneOf,
  optional,
  text,
  tuple,
  whole,
} from '../../core/schema/index.js';

export const SERVICE_ID = 11;
export const OP = 'op';
export const CERTIFICATE_LIMITS = { bytesMax: 512, spaceCharactersMax: 64 } as const;
export const REVOCATION_LIMITS = { revokedMax: 8_192, bytesMax: 8_192 * 40 + 512 } as const;
export const REFERRAL_LIMITS = { bytesMax: 256, lifetimeMs: 10_000 } as const;
export const MESSAGE_LIMITS = { bodyBytesMax: 4_096, addressesMax: 8, addressCharactersMax: 200 } as const;

export const HAVE = 1;
export const GET = 2;
export const LIST = 3;
export const RENEWED = 4;
export const PACKET = 5;

const ID = bytes(32);
const KEY = bytes(32);
const SIGNATURE = bytes(64);
const MARK = bytes(8);
const CERTIFICATE = bytes(1, CERTIFICATE_LIMITS.bytesMax);
const REFERRAL = bytes(1, REFERRAL_LIMITS.bytesMax);
const ADDRESSES = list(text(MESSAGE_LIMITS.addressCharactersMax), MESSAGE_LIMITS.addressesMax);
const PACKET_FIELDS = fields({
  from: ID,
  to: ID,
  body: bytes(0, MESSAGE_LIMITS.bodyBytesMax),
  mark: optional(MARK),
  signature: optional(SIGNATURE),
  via: optional(ID),
  referral: optional(REFERRAL),
});

export type WirePacket = Infer<typeof PACKET_FIELDS>;

/** The message, or `undefined` for anything else. */
export const readMessage = messageReader(
  byFirst({
    [HAVE]: tuple(oneOf(HAVE), whole()),
    [GET]: tuple(oneOf(GET)),
    [LIST]: tuple(oneOf(LIST), bytes(1, REVOCATION_LIMITS.bytesMax)),
    [RENEWED]: tuple(oneOf(RENEWED), CERTIFICATE),
    [PACKET]: tuple(oneOf(PACKET), PACKET_FIELDS),
  }),
);

const REQUEST = fields({
  who: ID,
  key: optional(KEY),
  nonce: optional(MARK),
  signature: optional(SIGNATURE),
  certificate: optional(CERTIFICATE),
});
const ANSWER = fields({ key: KEY, time: whole(), addresses: ADDRESSES, certificate: optional(CERTIFICATE), referral: optional(REFERRAL) });
export type OpRequest = Infer<typeof REQUEST>;
export type OpAnswer = Infer<typeof ANSWER>;
export const readRequest = messageReader(REQUEST);
export const readAnswer = messageReader(ANSWER);

/** What a side presents in the handshake. `time`: what its clock on the wall shows. */
export const readPresented = messageReader(fields({ certificate: CERTIFICATE, time: whole() }));

/** What an operator keeps of a node, as it is saved. */
export const readStored = messageReader(fields({ key: KEY, addresses: fallback(ADDRESSES, []), certificate: optional(CERTIFICATE) }));

/** What the signature of a packet covers. */
export function packetBytes({
  from,
  to,
  body,
  mark,
}: Pick<WirePacket, 'from' | 'to' | 'body'> & { readonly mark: Uint8Array }): Uint8Array {
  return joinBytes([from, to, mark, body]);
}

/** What the signature of a request over relays covers. */
export function requestBytes(to: NodeId, who: Uint8Array, nonce: Uint8Array): Uint8Array {
  return joinBytes([nodeIdToBytes(to), who, nonce]);
}
