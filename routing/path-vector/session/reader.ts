/**
 * @module SyncReader: from the bytes of a sync to its parts, without touching the table. What is malformed, for somebody else, or refers
 * to what was never introduced gives nothing at all. Whether the parts may be taken, and what they change, is decided elsewhere.
 */
import type { NodeId } from '../../../core/address/node-id.js';
import { BANDWIDTH_UNKNOWN, ESTIMATED, LATENCY_MAX, LOSS_WHOLE } from '../rib/metric.js';
import type { ByteReader } from './bytes.js';
import * as form from './format.js';

const SERVICES_MAX = 256;
const SETS_MAX = 0x1_0000;
const HOPS_MAX = 255;
const NODE_BYTES_MIN = 33;
const ENTRY_BYTES_MIN = 2;
/** No number of a list. */
export const NO_SET = 0;

/** An entry as it was told, in the sender's numbers. */
export interface ToldEntry {
  readonly number: number;
  readonly isWithdrawn: boolean;
  /** The node before it; its path begins this one. Not used with `hops`. */
  readonly parent: number;
  /** The hops between sender and node, when they are told one by one; else empty. */
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
  /** In order. An entry is valid during the call only. */
  forEachEntry(take: (entry: ToldEntry) => void): void;
}

/** What earlier syncs of the session introduced. */
export interface Introduced {
  readonly nodes: { has(number: number): boolean };
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

/** The rest of a sync with that head: every entry is looked at before any of them is given out. */
export function readSync(reader: ByteReader, head: form.SyncHead, introduced: Introduced): Sync | undefined {
  const { flags } = head;
  const isBegin = (flags & form.FLAG_BEGIN) !== 0;
  const nodes = readNodes(reader);
  const sets = readSets(reader);
  const known = new Known(isBegin ? undefined : introduced, nodes, sets);
  const count = countOf(reader, ENTRY_BYTES_MIN);
  const firstAt = reader.at;
  for (let left = count; left > 0 && !reader.isMalformed; left--) readEntry(reader, known);
  if (reader.isMalformed || reader.left > 0) return undefined;
  const forEachEntry = (take: (entry: ToldEntry) => void) => {
    reader.at = firstAt;
    for (let left = count; left > 0; left--) take(readEntry(reader, known));
  };
  return { ...head, isBegin, isEnd: (flags & form.FLAG_END) !== 0, isAsking: (flags & form.FLAG_ASK) !== 0, nodes, sets, forEachEntry };
}

/** The numbers that may be referred to: what earlier syncs of the session introduced, and this one. */
class Known {
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

/** Into the entry that all calls share. */
function readEntry(reader: ByteReader, known: Known): ToldEntry {
  ENTRY.number = reader.varint();
  ENTRY.hops.length = 0;
  const bits = reader.byte();
  ENTRY.isWithdrawn = bits === form.WITHDRAWN;
  if (!known.hasNode(ENTRY.number) || (bits & ~form.FORMS) !== 0 || ENTRY.isWithdrawn === ((bits & form.TOLD_FORM) !== 0))
    reader.isMalformed = true;
  if (!ENTRY.isWithdrawn && !reader.isMalformed) readWay(reader, bits, known);
  return ENTRY;
}

function readWay(reader: ByteReader, bits: number, known: Known): void {
  const isExplicit = (bits & form.EXPLICIT) !== 0;
  if (isExplicit) readHops(reader, known);
  ENTRY.parent = isExplicit ? form.SENDER : reader.varint();
  ENTRY.latency = reader.varint();
  const loss = (bits & form.LOSS) === 0 ? 0 : reader.varint();
  ENTRY.loss = loss | ((bits & form.ESTIMATED_FORM) === 0 ? 0 : ESTIMATED);
  ENTRY.bandwidth = (bits & form.BANDWIDTH) === 0 ? BANDWIDTH_UNKNOWN : reader.varint();
  const hasServices = (bits & form.SERVICES) !== 0;
  ENTRY.set = hasServices ? reader.varint() : NO_SET;
  ENTRY.sequence = (bits & form.SEQUENCE) === 0 ? 0 : reader.varint();
  const isKnown = (ENTRY.parent === form.SENDER || known.hasNode(ENTRY.parent)) && (!hasServices || known.hasSet(ENTRY.set));
  if (!isKnown || ENTRY.latency > LATENCY_MAX || loss > LOSS_WHOLE) reader.isMalformed = true;
}

function readHops(reader: ByteReader, known: Known): void {
  const count = countOf(reader, 1);
  if (count === 0 || count > HOPS_MAX) reader.isMalformed = true;
  for (let left = count; left > 0 && !reader.isMalformed; left--) {
    const hop = reader.varint();
    if (!known.hasNode(hop)) reader.isMalformed = true;
    ENTRY.hops.push(hop);
  }
}

const NOTHING_NEW: ReadonlySet<number> = new Set();

/** The entry at hand. */
const ENTRY = {
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
