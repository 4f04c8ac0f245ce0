/** @module Syncs written by hand: what a neighbour with another idea of the protocol, or of the truth, may send. */
import { type NodeId, nodeIdToBytes } from '../../../core/address/node-id.js';
import { ByteWriter } from '../../../core/structures/byte-writer.js';
import * as form from '../../../routing/path-vector/session/format.js';
import { nameOf } from '../../../routing/path-vector/structures/node-list.js';

export interface RawEntry {
  readonly number: number;
  /** By default that of a told entry with a parent. */
  readonly bits?: number;
  /** The number of the node before it; 0, the sender, by default. */
  readonly parent?: number;
  readonly hops?: readonly number[];
  readonly latency?: number;
  /** What stands behind the latency, in the order of the bits. */
  readonly more?: readonly number[];
}

export interface RawSync {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly session?: number;
  readonly sequence?: number;
  readonly flags?: number;
  readonly digest?: number;
  readonly receivedSession?: number;
  readonly ownSequence?: number;
  readonly peerSequence?: number;
  readonly nodes?: readonly (readonly [number, NodeId])[];
  readonly sets?: readonly (readonly [number, readonly number[]])[];
  readonly entries?: readonly RawEntry[];
}

/** The first sync of the first session, unless said otherwise. */
export function rawSync(raw: RawSync): Uint8Array {
  const { session = 1, sequence = 0, receivedSession = 1, ownSequence = 0, peerSequence = 0 } = raw;
  const { nodes = [], sets = [], entries = [] } = raw;
  const bytes = new ByteWriter();
  bytes.u8(form.MAGIC);
  bytes.u8(raw.flags ?? (sequence === 0 ? form.FLAG_BEGIN | form.FLAG_END : 0));
  bytes.u32(form.bindingOf(nameOf(raw.from), nameOf(raw.to)));
  bytes.u32(raw.digest ?? 0);
  for (const value of [session, sequence, receivedSession, ownSequence, peerSequence]) bytes.varint(value);
  bytes.varint(nodes.length);
  for (const [number, id] of nodes) {
    bytes.varint(number);
    bytes.bytes(nodeIdToBytes(id));
  }
  bytes.varint(sets.length);
  for (const [number, list] of sets) {
    bytes.varint(number);
    bytes.u8(list.length - 1);
    for (const serviceId of list) bytes.u8(serviceId);
  }
  bytes.varint(entries.length);
  for (const entry of entries) writeEntry(bytes, entry);
  return bytes.written.slice();
}

function writeEntry(bytes: ByteWriter, { number, bits, parent = form.SENDER, hops, latency = 0, more = [] }: RawEntry): void {
  const kind = bits ?? form.ADVERTISED_FORM | (hops === undefined ? 0 : form.EXPLICIT);
  bytes.varint(number);
  bytes.u8(kind);
  if (kind === form.WITHDRAWN) return;
  if (hops === undefined) bytes.varint(parent);
  else for (const value of [hops.length, ...hops]) bytes.varint(value);
  bytes.varint(latency);
  for (const value of more) bytes.varint(value);
}
