/**
 * @module SyncReader: from the bytes of a sync to its parts, without touching the table. What is malformed, for somebody else, or refers
 * to what was never introduced gives nothing at all. Whether the parts may be taken, and what they change, is decided elsewhere.
 */
import type { NodeId } from '../../core/node-id.js';
import type { ByteReader } from './bytes.js';
import { BANDWIDTH_UNKNOWN, ESTIMATED, LATENCY_MAX, LOSS_WHOLE } from './metric.js';
import * as form from './sync-format.js';

const SERVICES_MAX = 256;
const SETS_MAX = 0x1_0000;
const HOPS_MAX = 255;
const NODE_BYTES_MIN = 33;
const ENTRY_BYTES_MIN = 2;

/** An entry as it was told, in the sender's numbers. */
export interface ToldEntry {
  readonly number: number;
  readonly isWithdrawn: boolean;
  /** The node before it; its path begins this one. Not used with `hops`. */
  readonly parent: number;
  /** The hops between sender and node, when they are told one by one. */
  readonly hops: readonly number[] | undefined;
  readonly latency: number;
  readonly loss: number;
  readonly bandwidth: number;
  /** The number of a list; `undefined`: no services. */
  readonly set: number | undefined;
  readonly sequence: number;
}

export interface Sync extends form.SyncHead {
  readonly isBegin: boolean;
  readonly isEnd: boolean;
  readonly isAsking: boolean;
  readonly nodes: readonly (readonly [number: number, id: NodeId])[];
  readonly sets: readonly (readonly [number: number, list: readonly number[]])[];
  readonly entries: readonly ToldEntry[];
}

/** What earlier syncs of the session introduced. */
export interface Introduced {
  readonly nodes: readonly (NodeId | undefined)[];
  readonly sets: readonly (readonly number[] | undefined)[];
}

/** The head and whatever follows it; `undefined` when it is malformed. */
export function readHead(reader: ByteReader): form.SyncHead | undefined {
  if (reader.byte() !== form.MAGIC) return undefined;
  const flags = reader.byte();
  const binding = reader.u32();
  const digest = reader.u32();
  const [session, sequence, heardSession] = [reader.varint(), reader.varint(), reader.varint()];
  const [ownSequence, peerSequence] = [reader.varint(), reader.varint()];
  if (reader.isMalformed || (flags & ~form.FLAGS) !== 0) return undefined;
  const isBegin = (flags & form.FLAG_BEGIN) !== 0;
  if (session === 0 ? flags !== form.FLAG_ASK || sequence > 0 : isBegin !== (sequence === 0)) return undefined;
  return { flags, binding, digest, session, sequence, heardSession, ownSequence, peerSequence };
}

/** The rest of a sync with that head. */
export function readSync(reader: ByteReader, head: form.SyncHead, introduced: Introduced): Sync | undefined {
  const isBegin = (head.flags & form.FLAG_BEGIN) !== 0;
  const nodes = readNodes(reader);
  const sets = readSets(reader);
  const [newNodes, newSets] = [new Set(nodes.map(([number]) => number)), new Set(sets.map(([number]) => number))];
  const isNode = (number: number) => newNodes.has(number) || (!isBegin && introduced.nodes[number] !== undefined);
  const isSet = (number: number) => newSets.has(number) || (!isBegin && introduced.sets[number] !== undefined);
  const entries: ToldEntry[] = [];
  for (let count = countOf(reader, ENTRY_BYTES_MIN); count > 0 && !reader.isMalformed; count--)
    entries.push(readEntry(reader, isNode, isSet));
  if (reader.isMalformed || reader.left > 0) return undefined;
  const isEnd = (head.flags & form.FLAG_END) !== 0;
  return { ...head, isBegin, isEnd, isAsking: (head.flags & form.FLAG_ASK) !== 0, nodes, sets, entries };
}

/** A count that the bytes that are left can hold. */
function countOf(reader: ByteReader, bytesMin: number): number {
  const count = reader.varint();
  if (count * bytesMin > reader.left) reader.isMalformed = true;
  return reader.isMalformed ? 0 : count;
}

function readNodes(reader: ByteReader): [number, NodeId][] {
  const nodes: [number, NodeId][] = [];
  for (let count = countOf(reader, NODE_BYTES_MIN); count > 0; count--) {
    const number = reader.varint();
    const id = reader.nodeId();
    if (id === undefined || number === form.SENDER || number > form.NUMBERS_MAX) reader.isMalformed = true;
    else nodes.push([number, id]);
  }
  return nodes;
}

function readSets(reader: ByteReader): [number, number[]][] {
  const sets: [number, number[]][] = [];
  for (let count = countOf(reader, 3); count > 0 && !reader.isMalformed; count--) {
    const number = reader.varint();
    const list: number[] = [];
    for (let left = reader.byte() + 1; left > 0; left--) list.push(reader.byte());
    const isAscending = list.every((serviceId, index) => index === 0 || serviceId > (list[index - 1] as number));
    if (number === 0 || number > SETS_MAX || list.length > SERVICES_MAX || !isAscending) reader.isMalformed = true;
    else sets.push([number, list]);
  }
  return sets;
}

function readEntry(reader: ByteReader, isNode: (number: number) => boolean, isSet: (number: number) => boolean): ToldEntry {
  const number = reader.varint();
  const bits = reader.byte();
  const isWithdrawn = bits === form.WITHDRAWN;
  if (!isNode(number) || (bits & ~form.FORMS) !== 0 || isWithdrawn === ((bits & form.TOLD_FORM) !== 0)) reader.isMalformed = true;
  if (isWithdrawn || reader.isMalformed) return { ...NOTHING, number };
  const isExplicit = (bits & form.EXPLICIT) !== 0;
  const hops = isExplicit ? readHops(reader, isNode) : undefined;
  const parent = isExplicit ? form.SENDER : reader.varint();
  const latency = reader.varint();
  const loss = optional(reader, bits, form.LOSS) ?? 0;
  const bandwidth = optional(reader, bits, form.BANDWIDTH) ?? BANDWIDTH_UNKNOWN;
  const set = optional(reader, bits, form.SERVICES);
  const sequence = optional(reader, bits, form.SEQUENCE) ?? 0;
  const isKnown = (parent === form.SENDER || isNode(parent)) && (set === undefined || isSet(set));
  if (!isKnown || latency > LATENCY_MAX || loss > LOSS_WHOLE) reader.isMalformed = true;
  const mark = (bits & form.ESTIMATED_FORM) !== 0 ? ESTIMATED : 0;
  return { number, isWithdrawn, parent, hops, latency, loss: loss | mark, bandwidth, set, sequence };
}

function readHops(reader: ByteReader, isNode: (number: number) => boolean): number[] {
  const hops: number[] = [];
  const count = countOf(reader, 1);
  if (count === 0 || count > HOPS_MAX) reader.isMalformed = true;
  for (let left = count; left > 0 && !reader.isMalformed; left--) {
    const hop = reader.varint();
    if (!isNode(hop)) reader.isMalformed = true;
    hops.push(hop);
  }
  return hops;
}

function optional(reader: ByteReader, bits: number, bit: number): number | undefined {
  return (bits & bit) === 0 ? undefined : reader.varint();
}

const NOTHING: ToldEntry = {
  number: 0,
  isWithdrawn: true,
  parent: form.SENDER,
  hops: undefined,
  latency: 0,
  loss: 0,
  bandwidth: BANDWIDTH_UNKNOWN,
  set: undefined,
  sequence: 0,
};
