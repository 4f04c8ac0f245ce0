/**
 * @module SyncReader: from the bytes of a sync to its parts, without touching the table. What is malformed, for somebody else, or refers
 * to what was never introduced gives nothing at all. Whether the parts may be taken, and what they change, is decided elsewhere.
 */
import { NODE_ID_BYTES, type NodeId, nodeIdFromBytes } from '../../../core/address/node-id.js';
import type { ByteReader } from '../../../core/structures/byte-reader.js';
import { BANDWIDTH_UNKNOWN, ESTIMATED, LATENCY_MAX, LOSS_WHOLE } from '../rib/metric.js';
import { SETS_MAX } from '../structures/service-sets.js';
import * as form from './format.js';

const SERVICES_MAX = 256;
const HOPS_MAX = 255;
const NODE_BYTES_MIN = 33;
const ENTRY_BYTES_MIN = 2;
/** No number of a list. */
export const NO_SET = 0;

/** An entry as it was sent, in the sender's numbers. */
export interface SyncEntry {
  readonly number: number;
  readonly isWithdrawn: boolean;
  /** The node before it; its path begins this one. Not used with `hops`. */
  readonly parent: number;
  /** The hops between sender and node, when they are listed; else empty. */
  readonly hops: readonly number[];
  readonly latency: number;
  readonly loss: number;
  readonly bandwidth: number;
  /** The number of a list; `NO_SET`: no services. */
  readonly set: number;
  readonly sequence: number;
}

export interface Sync extends form.SyncHead {
  readonly isBegin: boolean;
  readonly isEnd: boolean;
  readonly isAsking: boolean;
  readonly nodes: readonly (readonly [number: number, id: NodeId])[];
  readonly sets: readonly (readonly [number: number, list: readonly number[]])[];
  readonly entryCount: number;
  /** In order. An entry is valid during the call only. */
  forEachEntry(take: (entry: SyncEntry) => void): void;
}

/** What earlier syncs of the session introduced. */
export interface Introduced {
  readonly nodes: { has(number: number): boolean };
  readonly sets: readonly (readonly number[] | undefined)[];
}

/** The head and whatever follows it; `undefined` when it is malformed. */
export function readHead(reader: ByteReader): form.SyncHead | undefined {
  if (reader.u8() !== form.MAGIC) return undefined;
  const flags = reader.u8();
  const binding = reader.u32();
  const digest = reader.u32();
  const [session, sequence, receivedSession] = [reader.varint(), reader.varint(), reader.varint()];
  const [ownSequence, peerSequence] = [reader.varint(), reader.varint()];
  if (reader.hasFailed || (flags & ~form.FLAGS) !== 0) return undefined;
  const isBegin = (flags & form.FLAG_BEGIN) !== 0;
  if (session === 0 ? flags !== form.FLAG_ASK || sequence > 0 : isBegin !== (sequence === 0)) return undefined;
  return { flags, binding, digest, session, sequence, receivedSession, ownSequence, peerSequence };
}

/** The rest of a sync with that head: every entry is looked at before any of them is given out. */
export function readSync(reader: ByteReader, head: form.SyncHead, introduced: Introduced): Sync | undefined {
  const { flags } = head;
  const isBegin = (flags & form.FLAG_BEGIN) !== 0;
  const nodes = readNodes(reader);
  const sets = readSets(reader);
  const known = new Known(isBegin ? undefined : introduced, nodes, sets);
  const count = countOf(reader, ENTRY_BYTES_MIN);
  const firstAt = reader.at;
  if (count > form.ENTRIES_MAX) return undefined;
  for (let left = count; left > 0 && !reader.hasFailed; left--) readEntry(reader, known);
  if (reader.hasFailed || reader.left > 0) return undefined;
  const forEachEntry = (take: (entry: SyncEntry) => void) => {
    reader.at = firstAt;
    for (let left = count; left > 0; left--) take(readEntry(reader, known));
  };
  return {
    ...head,
    isBegin,
    isEnd: (flags & form.FLAG_END) !== 0,
    isAsking: (flags & form.FLAG_ASK) !== 0,
    nodes,
    sets,
    entryCount: count,
    forEachEntry,
  };
}

/** What entries are read with: the numbers that may be referred to, those of earlier syncs of the session and of this one. */
class Known {
  /** The entry at hand. */
  readonly entry = {
    number: 0,
    isWithdrawn: true,
    parent: form.SENDER,
    hops: [] as number[],
    latency: 0,
    loss: 0,
    bandwidth: BANDWIDTH_UNKNOWN,
    set: NO_SET,
    sequence: 0,
  };
  private readonly newNodes: ReadonlySet<number>;
  private readonly newSets: ReadonlySet<number>;

  constructor(
    private readonly earlier: Introduced | undefined,
    nodes: Sync['nodes'],
    sets: Sync['sets'],
  ) {
    this.newNodes = nodes.length === 0 ? NOTHING_NEW : new Set(nodes.map(([number]) => number));
    this.newSets = sets.length === 0 ? NOTHING_NEW : new Set(sets.map(([number]) => number));
  }

  hasNode(number: number): boolean {
    return this.earlier?.nodes.has(number) === true || this.newNodes.has(number);
  }

  hasSet(number: number): boolean {
    return this.earlier?.sets[number] !== undefined || this.newSets.has(number);
  }
}

/** A count that the bytes that are left can hold. */
function countOf(reader: ByteReader, bytesMin: number): number {
  const count = reader.varint();
  if (count * bytesMin > reader.left) reader.fail();
  return reader.hasFailed ? 0 : count;
}

function readNodes(reader: ByteReader): [number, NodeId][] {
  const nodes: [number, NodeId][] = [];
  for (let count = countOf(reader, NODE_BYTES_MIN); count > 0 && !reader.hasFailed; count--) {
    const number = reader.varint();
    const at = reader.skip(NODE_ID_BYTES);
    if (at < 0 || number === form.SENDER || number > form.NUMBERS_MAX) reader.fail();
    else nodes.push([number, nodeIdFromBytes(reader.bytes, at)]);
  }
  return nodes;
}

function readSets(reader: ByteReader): [number, number[]][] {
  const sets: [number, number[]][] = [];
  for (let count = countOf(reader, 3); count > 0 && !reader.hasFailed; count--) {
    const number = reader.varint();
    const list: number[] = [];
    for (let left = reader.u8() + 1; left > 0; left--) list.push(reader.u8());
    const isAscending = list.every((serviceId, index) => index === 0 || serviceId > (list[index - 1] as number));
    if (number === 0 || number >= SETS_MAX || list.length > SERVICES_MAX || !isAscending) reader.fail();
    else sets.push([number, list]);
  }
  return sets;
}

/** Into the one entry of the sync. */
function readEntry(reader: ByteReader, known: Known): SyncEntry {
  const { entry } = known;
  entry.number = reader.varint();
  entry.hops.length = 0;
  const bits = reader.u8();
  entry.isWithdrawn = bits === form.WITHDRAWN;
  if (!known.hasNode(entry.number) || (bits & ~form.FORMS) !== 0 || entry.isWithdrawn === ((bits & form.ADVERTISED_FORM) !== 0))
    reader.fail();
  if (!entry.isWithdrawn && !reader.hasFailed) readRoute(reader, bits, known);
  return entry;
}

function readRoute(reader: ByteReader, bits: number, known: Known): void {
  const { entry } = known;
  const isExplicit = (bits & form.EXPLICIT) !== 0;
  if (isExplicit) readHops(reader, known);
  entry.parent = isExplicit ? form.SENDER : reader.varint();
  entry.latency = reader.varint();
  const loss = (bits & form.LOSS) === 0 ? 0 : reader.varint();
  entry.loss = loss | ((bits & form.ESTIMATED_FORM) === 0 ? 0 : ESTIMATED);
  entry.bandwidth = (bits & form.BANDWIDTH) === 0 ? BANDWIDTH_UNKNOWN : reader.varint();
  const hasServices = (bits & form.SERVICES) !== 0;
  entry.set = hasServices ? reader.varint() : NO_SET;
  entry.sequence = (bits & form.SEQUENCE) === 0 ? 0 : reader.varint();
  const isKnown = (entry.parent === form.SENDER || known.hasNode(entry.parent)) && (!hasServices || known.hasSet(entry.set));
  if (!isKnown || entry.latency > LATENCY_MAX || loss > LOSS_WHOLE) reader.fail();
}

function readHops(reader: ByteReader, known: Known): void {
  const count = countOf(reader, 1);
  if (count === 0 || count > HOPS_MAX) reader.fail();
  for (let left = count; left > 0 && !reader.hasFailed; left--) {
    const hop = reader.varint();
    if (!known.hasNode(hop)) reader.fail();
    known.entry.hops.push(hop);
  }
}

const NOTHING_NEW: ReadonlySet<number> = new Set();
