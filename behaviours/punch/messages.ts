/**
 * @module Messages of the punch service, each from one neighbour to the next. Big-endian. A message begins with its kind u8 and the nonce of the
 * attempt, 16 random bytes of whoever asked for it:
 *
 *   1 pop       token 16 bytes, mapping u8, node 32 bytes: help me to that neighbour of yours
 *   2 popping   token 16 bytes, mapping u8, node 32 bytes: that neighbour of mine wants to reach you
 *   3 agreed    mapping u8, near: it may
 *   4 referred  mapping u8, wait u16 ms, near, referral (`referral.ts`): begin then
 *   5 refused   reason u8
 *   6 where     where do you see me? The nonce is the token
 *   7 seen      address (text)
 *
 * The token is what its receiver sends to the helper in a probe, so that the helper sees where it is; the mapping is how the NAT of whom the
 * message is about maps one socket for different remotes. Near are its addresses in its own network, count u8 and each a length u8 and a text, which
 * a helper passes on only to who is seen at the same host.
 */
import {
  type Address,
  ByteReader,
  type ByteWriter,
  type NatMapping,
  type NodeId,
  nodeIdFromBytes,
  nodeIdToBytes,
  PROBE_TOKEN_BYTES,
  tryParseAddress,
} from '../../core/index.js';

export const POP = 1;
export const POPPING = 2;
export const AGREED = 3;
export const REFERRED = 4;
export const REFUSED = 5;
export const WHERE = 6;
export const SEEN = 7;

export const NONCE_BYTES = PROBE_TOKEN_BYTES;
const NODE_ID_BYTES = 32;
export const ADDRESS_BYTES_MAX = 128;
export const NEAR_MAX = 4;
const EMPTY = new Uint8Array(0);
const NOBODY = nodeIdFromBytes(new Uint8Array(NODE_ID_BYTES));

const MAPPINGS: readonly NatMapping[] = ['unknown', 'none', 'endpoint-independent', 'address-dependent'];

/** Why an attempt is refused, or came to nothing at the helper. */
export const REASONS = [
  'not-helping',
  'no-line',
  'busy',
  'too-often',
  'unproven',
  'running',
  'declined',
  'unknown',
  'other-family',
] as const;
export type Reason = (typeof REASONS)[number];

/** A received message; which fields mean something depends on the kind. One object is reused. */
export class PunchMessage {
  kind = 0;
  /** Copied, as everything here. */
  nonce: Uint8Array = EMPTY;
  token: Uint8Array = EMPTY;
  node: NodeId = NOBODY;
  mapping: NatMapping = 'unknown';
  near: readonly Address[] = [];
  waitMs = 0;
  referral: Uint8Array = EMPTY;
  reason: Reason = 'unknown';
  address: Address | undefined;
  readonly #reader = new ByteReader(EMPTY);

  /** False when `bytes[start..end)` is no such message. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    const reader = this.#reader.reset(bytes, start, end);
    this.kind = reader.u8();
    this.nonce = reader.copy(NONCE_BYTES);
    this.#readBody(reader);
    return reader.isComplete;
  }

  #readBody(reader: ByteReader): void {
    switch (this.kind) {
      case POP:
      case POPPING:
        this.token = reader.copy(NONCE_BYTES);
        this.#readMapping(reader);
        this.node = nodeOf(reader);
        return;
      case AGREED:
        this.#readMapping(reader);
        return this.#readNear(reader);
      case REFERRED:
        this.#readMapping(reader);
        this.waitMs = reader.u16();
        this.#readNear(reader);
        this.referral = reader.copy(reader.left);
        return;
      case REFUSED:
        this.reason = REASONS[reader.u8()] ?? 'unknown';
        return;
      case WHERE:
        return;
      case SEEN:
        this.address = reader.left > ADDRESS_BYTES_MAX ? undefined : tryParseAddress(reader.utf8(reader.left));
        if (this.address === undefined) reader.fail();
        return;
      default:
        reader.fail();
    }
  }

  #readNear(reader: ByteReader): void {
    const count = reader.u8();
    if (count > NEAR_MAX) return reader.fail();
    const near = Array.from({ length: count }, () => tryParseAddress(reader.utf8(reader.u8())));
    this.near = near.filter((address) => address !== undefined);
  }

  #readMapping(reader: ByteReader): void {
    this.mapping = MAPPINGS[reader.u8()] ?? 'unknown';
  }
}

/** For the helper, or from it. */
export interface Agreed {
  readonly mapping: NatMapping;
  readonly near: readonly Address[];
}

export interface Pop {
  readonly token: Uint8Array;
  readonly mapping: NatMapping;
  readonly node: NodeId;
}

export function writePop(writer: ByteWriter, kind: typeof POP | typeof POPPING, nonce: Uint8Array, pop: Pop): Uint8Array {
  return head(writer, kind, nonce).bytes(pop.token).u8(MAPPINGS.indexOf(pop.mapping)).bytes(nodeIdToBytes(pop.node)).written;
}

export function writeAgreed(writer: ByteWriter, nonce: Uint8Array, { mapping, near }: Agreed): Uint8Array {
  writeNear(head(writer, AGREED, nonce).u8(MAPPINGS.indexOf(mapping)), near);
  return writer.written;
}

export interface Referred extends Agreed {
  readonly waitMs: number;
  readonly referral: Uint8Array;
}

export function writeReferred(writer: ByteWriter, nonce: Uint8Array, { mapping, waitMs, near, referral }: Referred): Uint8Array {
  writeNear(head(writer, REFERRED, nonce).u8(MAPPINGS.indexOf(mapping)).u16(waitMs), near);
  return writer.bytes(referral).written;
}

export function writeRefused(writer: ByteWriter, nonce: Uint8Array, reason: Reason): Uint8Array {
  return head(writer, REFUSED, nonce).u8(REASONS.indexOf(reason)).written;
}

export function writeWhere(writer: ByteWriter, nonce: Uint8Array): Uint8Array {
  return head(writer, WHERE, nonce).written;
}

export function writeSeen(writer: ByteWriter, nonce: Uint8Array, at: Address): Uint8Array {
  return head(writer, SEEN, nonce).utf8(at.text).written;
}

function writeNear(writer: ByteWriter, near: readonly Address[]): void {
  const texts = near.map(({ text }) => text).filter(({ length }) => length <= ADDRESS_BYTES_MAX);
  writer.u8(texts.length);
  // Addresses are ASCII.
  for (const text of texts) writer.u8(text.length).utf8(text);
}

function head(writer: ByteWriter, kind: number, nonce: Uint8Array): ByteWriter {
  return writer.clear().u8(kind).bytes(nonce);
}

function nodeOf(reader: ByteReader): NodeId {
  const bytes = reader.view(NODE_ID_BYTES);
  return bytes.length === NODE_ID_BYTES ? nodeIdFromBytes(bytes) : NOBODY;
}
