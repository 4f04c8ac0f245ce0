/**
 * @module Columns: the entries of one link, which are what its neighbour told of nodes: eight numbers for each, one behind the other.
 * An entry gets a place of its own, so that a neighbour with little to tell takes little room. It grows, and checks nothing.
 */
import { COST_NONE } from './metric.js';
import type { Entry } from './node-state.js';

const NO_PLACE = 0;
const FIRST_SIZE = 2;
const SHORT_MAX = 0xffff;

/** The numbers of an entry, in this order. */
const FIELDS = 8;
const PATH = 0;
const LATENCY = 1;
const BANDWIDTH = 2;
const SEQUENCE = 3;
const COST = 4;
/** The number of the node, and the lowest bits of the session that brought the entry. */
const NODE = 5;
/** The upper half is the list of services. */
const LOSS_AND_SERVICES = 6;
const SESSION = 7;

export class Columns {
  /** Entries that exist. */
  entryCount = 0;
  /** By node: where its entry stands; 0, and beyond the end: there is none. Place 0 is the entry that does not exist. */
  private place: Uint16Array | Uint32Array = new Uint16Array(0);
  private entries = new Uint32Array(FIRST_SIZE * FIELDS);
  private end = 1;
  private readonly free: number[] = [];

  constructor() {
    this.entries[COST] = COST_NONE;
  }

  get byteLength(): number {
    return this.entries.byteLength + this.place.byteLength;
  }

  /** The path in the link's store, from the neighbour to the node; 0: there is no entry. */
  pathOf(node: number): number {
    return this.entries[this.at(node) + PATH] as number;
  }

  /** The neighbour's own, without the link; so are the next two. */
  latencyOf(node: number): number {
    return this.entries[this.at(node) + LATENCY] as number;
  }

  lossOf(node: number): number {
    return (this.entries[this.at(node) + LOSS_AND_SERVICES] as number) & 0xffff;
  }

  bandwidthOf(node: number): number {
    return this.entries[this.at(node) + BANDWIDTH] as number;
  }

  servicesOf(node: number): number {
    return (this.entries[this.at(node) + LOSS_AND_SERVICES] as number) >>> 16;
  }

  /** The node's sequence number. */
  sequenceOf(node: number): number {
    return this.entries[this.at(node) + SEQUENCE] as number;
  }

  /** Over the link; `COST_NONE` without an entry. */
  costOf(node: number): number {
    return this.entries[this.at(node) + COST] as number;
  }

  sessionOf(node: number): number {
    return this.entries[this.at(node) + SESSION] as number;
  }

  /** Its cost is to be set next. */
  setEntry(node: number, { path, latency, loss, bandwidth, services, sequence, session }: Entry): void {
    const at = this.at(node) || this.create(node);
    const { entries } = this;
    entries[at + PATH] = path;
    entries[at + LATENCY] = latency;
    entries[at + LOSS_AND_SERVICES] = loss | (services << 16);
    entries[at + BANDWIDTH] = bandwidth;
    entries[at + SEQUENCE] = sequence;
    entries[at + SESSION] = session;
  }

  /** Of an entry that exists. */
  setCost(node: number, cost: number): void {
    this.entries[this.at(node) + COST] = cost;
  }

  clearEntry(node: number): void {
    const at = this.at(node);
    if (at === NO_PLACE) return;
    this.place[node] = NO_PLACE;
    this.entries[at + PATH] = 0;
    this.free.push(at / FIELDS);
    this.entryCount--;
  }

  /** Nodes with an entry, in the order of their places; `work` may clear the entry of its node. */
  forEach(work: (node: number) => void): void {
    for (let at = FIELDS; at < this.end * FIELDS; at += FIELDS) if (this.entries[at + PATH] !== 0) work(this.entries[at + NODE] as number);
  }

  private at(node: number): number {
    return (this.place[node] ?? NO_PLACE) * FIELDS;
  }

  private create(node: number): number {
    const place = this.free.pop() ?? this.end++;
    if (place * FIELDS >= this.entries.length) this.entries = resized(this.entries, new Uint32Array(roomier(place) * FIELDS));
    if (node >= this.place.length) this.fit(node + 1);
    this.place[node] = place;
    this.entries[place * FIELDS + NODE] = node;
    this.entryCount++;
    return place * FIELDS;
  }

  private fit(end: number): void {
    const size = this.place.length === 0 ? end : roomier(end);
    this.place = resized(this.place, size > SHORT_MAX ? new Uint32Array(size) : new Uint16Array(size));
  }
}

/** Room for `end` places and an eighth more: arrays grow often, and stay close to what is needed. */
export function roomier(end: number): number {
  return end + (end >> 3) + 8;
}

export function resized<T extends Uint8Array | Uint16Array | Uint32Array>(from: ArrayLike<number>, to: T): T {
  to.set(from);
  return to;
}
