/**
 * @module Messages of the spacer: the content of requests and answers of the exchange kit. Every request goes to a neighbour, which answers it, or
 * passes it on to the next node of its chain. Big-endian:
 *
 *   request   op u8, flags u8 (1: sign the answer), chain length u8, the ids of the chain (32 bytes each, the last is asked), wait u32 in ms,
 *             nonce (8 bytes), body
 *   answer    code u8; with code 0 and flag 1 the public key (32 bytes) and the signature (64 bytes) of who was asked; body
 *
 *   0 ping    no body; no body
 *   1 seek    key (32 bytes), count u8; nodes
 *
 * nodes: count u8, each an id (32 bytes), address count u8, each a length u8 and the text. The signature covers the nonce, the op, the body of the request and
 * that of the answer, so that who passes an answer on can neither change it nor make one.
 */
import { type Address, ByteReader, ByteWriter, type NodeId, nodeIdFromBytes, nodeIdToBytes, tryParseAddress } from '../../core/index.js';

export const OP_PING = 0;
export const OP_SEEK = 1;

/** Links that a question may go over: one to a neighbour, and three that are passed on. */
export const LINKS_MAX = 4;
export const RELAYS_MAX = LINKS_MAX - 1;
export const NONCE_BYTES = 8;

/** What an answer says in its first byte. */
export const ANSWERS = ['ok', 'busy', 'unreachable', 'silent', 'malformed', 'unknown-op'] as const;
export type AnswerCode = (typeof ANSWERS)[number];

const ID_BYTES = 32;
const SIGNED = 1;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const WAIT_MS_MAX = 60_000;
/** A request to keep the largest record has 1,351. What is longer is not passed on, either. */
export const BODY_BYTES_MAX = 2_048;
const ADDRESS_BYTES_MAX = 200;
const ADDRESSES_MAX = 4;
/** The most nodes that one answer names. */
export const NAMED_MAX = 32;

/** A node that an answer names. */
export interface NamedNode {
  readonly nodeId: NodeId;
  readonly addresses: readonly Address[];
}

export interface Request {
  readonly op: number;
  readonly isSigned: boolean;
  /** The nodes that it is still to go to, the asked one last; none: this node is asked. */
  readonly chain: readonly NodeId[];
  readonly waitMs: number;
  readonly nonce: Uint8Array;
  readonly body: Uint8Array;
}

export interface Answer {
  readonly code: AnswerCode;
  readonly proof: { readonly publicKey: Uint8Array; readonly signature: Uint8Array } | undefined;
  readonly body: Uint8Array;
}

/** `free`: bytes that are left in front, for the exchange kit. */
export function requestBytes({ op, isSigned, chain, waitMs, nonce, body }: Request, free: number): Uint8Array {
  const writer = writerAfter(free);
  writer
    .u8(op)
    .u8(isSigned ? SIGNED : 0)
    .u8(chain.length);
  for (const nodeId of chain) writer.bytes(nodeIdToBytes(nodeId));
  return writer.u32(Math.ceil(waitMs)).bytes(nonce).bytes(body).copy();
}

/** `undefined` for what has no form. The bytes are views. */
export function readRequest(bytes: Uint8Array, start: number, end: number): Request | undefined {
  const reader = new ByteReader(bytes, start, end);
  const op = reader.u8();
  const flags = reader.u8();
  const length = reader.u8();
  if (length > RELAYS_MAX) return undefined;
  const chain = Array.from({ length }, () => readId(reader));
  const waitMs = reader.u32();
  const nonce = reader.view(NONCE_BYTES);
  if (reader.hasFailed || waitMs > WAIT_MS_MAX || reader.left > BODY_BYTES_MAX) return undefined;
  return { op, isSigned: (flags & SIGNED) !== 0, chain, waitMs, nonce, body: reader.rest() };
}

export function answerBytes({ code, proof, body }: Answer, free: number): Uint8Array {
  const writer = writerAfter(free);
  writer.u8(ANSWERS.indexOf(code));
  if (proof !== undefined) writer.bytes(proof.publicKey).bytes(proof.signature);
  return writer.bytes(body).copy();
}

/** `isSigned`: as the request wished. */
export function readAnswer(bytes: Uint8Array, start: number, end: number, isSigned: boolean): Answer | undefined {
  const reader = new ByteReader(bytes, start, end);
  const code = ANSWERS[reader.u8()];
  if (code === undefined) return undefined;
  const hasProof = isSigned && code === 'ok';
  const proof = hasProof ? { publicKey: reader.view(KEY_BYTES), signature: reader.view(SIGNATURE_BYTES) } : undefined;
  return reader.hasFailed ? undefined : { code, proof, body: reader.rest() };
}

/** What the signature of an answer covers. */
export function signedBytes({ op, nonce, body }: Pick<Request, 'op' | 'nonce' | 'body'>, answerBody: Uint8Array): Uint8Array {
  return WRITER.clear().bytes(nonce).u8(op).u32(body.length).bytes(body).bytes(answerBody).copy();
}

export function seekBody(key: NodeId, count: number): Uint8Array {
  return WRITER.clear().bytes(nodeIdToBytes(key)).u8(count).copy();
}

export function readSeek(body: Uint8Array): { readonly key: NodeId; readonly count: number } | undefined {
  const reader = new ByteReader(body);
  const key = readId(reader);
  const count = reader.u8();
  return reader.isComplete && count > 0 ? { key, count } : undefined;
}

export function writeNodes(writer: ByteWriter, nodes: readonly NamedNode[]): ByteWriter {
  writer.u8(nodes.length);
  for (const { nodeId, addresses } of nodes) {
    const texts = addresses.map(({ text }) => text).filter((text) => text.length <= ADDRESS_BYTES_MAX);
    writer.bytes(nodeIdToBytes(nodeId)).u8(Math.min(texts.length, ADDRESSES_MAX));
    for (const text of texts.slice(0, ADDRESSES_MAX)) {
      const start = writer.reserve(1);
      writer.utf8(text);
      writer.slab[start] = writer.length - start - 1;
    }
  }
  return writer;
}

/** At most `countMax` nodes, whatever else was sent; `undefined` for what has no form. An address that is none is left out. */
export function readNodes(reader: ByteReader, countMax: number): readonly NamedNode[] | undefined {
  const count = reader.u8();
  const nodes: NamedNode[] = [];
  for (let index = 0; index < Math.min(count, countMax) && !reader.hasFailed; index++) {
    const nodeId = readId(reader);
    const addressCount = reader.u8();
    if (addressCount > ADDRESSES_MAX) return undefined;
    const texts = Array.from({ length: addressCount }, () => reader.utf8(reader.u8()));
    const addresses = texts.flatMap((text) => tryParseAddress(text) ?? []).filter((address) => (address.nodeId ?? nodeId) === nodeId);
    nodes.push({ nodeId, addresses: addresses.map((address) => address.withNodeId(undefined)) });
  }
  return reader.hasFailed ? undefined : nodes;
}

export function readId(reader: ByteReader): NodeId {
  const bytes = reader.view(ID_BYTES);
  return nodeIdFromBytes(bytes.length === ID_BYTES ? bytes : NO_ID);
}

/** What is written is copied at once: one slab, grown to the largest message, serves all. */
const WRITER = new ByteWriter();
/** Behind so many bytes that the kit fills: nothing of another message may be left in them. */
function writerAfter(free: number): ByteWriter {
  WRITER.clear().reserve(free);
  WRITER.slab.fill(0, 0, free);
  return WRITER;
}

const NO_ID = new Uint8Array(ID_BYTES);
