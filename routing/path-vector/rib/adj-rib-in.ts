/**
 * @module AdjRibIn: the entries of one link, which are what its neighbour has advertised: five numbers for each node, one behind the other,
 * and a sixth beside them as soon as any bandwidth is known. An entry gets a place of its own, so that a neighbour with few nodes takes
 * little room. It grows, and checks nothing.
 */
import { resized, roomier } from '../structures/arrays.js';
import type { Entry } from './entry.js';
import { BANDWIDTH_UNKNOWN, COST_NONE } from './metric.js';

const NO_PLACE = 0;
const FIRST_SIZE = 2;

/** The numbers of an entry, in this order. */
const FIELDS = 5;
/** The path in the lower 20 bits, the list of services above them. */
const PATH_AND_SERVICES = 0;
/** The loss and the mark `CURRENT` in the lower half, the number of the node above them. */
const LOSS_AND_NODE = 1;
const LATENCY = 2;
const SEQUENCE = 3;
const COST = 4;

const PATH_BITS = 20;
const PATH_MASK = (1 << PATH_BITS) - 1;
/** Between the loss, which is 10,000 at most, and the mark for an assumed latency. */
const CURRENT = 0x4000;
const NODE_SHIFT = 16;
const LOSS_MASK = 0xffff & ~CURRENT;

export class AdjRibIn {
  /** Entries that exist. */
  entryCount = 0;
  /** By node: where its entry stands; 0, and beyond the end: there is none. Place 0 is the entry that does not exist. */
  private place = new Uint16Array(0);
  private entries = new Uint32Array(FIRST_SIZE * FIELDS);
  /** By place; empty as long as none is known. */
  private bandwidths = new Uint32Array(0);
  private end = 1;
  private readonly free: number[] = [];

  constructor() {
    this.entries[COST] = COST_NONE;
  }

  get byteLength(): number {
    return this.entries.byteLength + this.bandwidths.byteLength + this.place.byteLength;
  }

  /** The path in the link's store, from the neighbour to the node; 0: there is no entry. */
  pathOf(node: number): number {
    return (this.entries[this.at(node) + PATH_AND_SERVICES] as number) & PATH_MASK;
  }

  /** The neighbour's own, without the link; so are the next two. */
  latencyOf(node: number): number {
    return this.entries[this.at(node) + LATENCY] as number;
  }

  lossOf(node: number): number {
    return (this.entries[this.at(node) + LOSS_AND_NODE] as number) & LOSS_MASK;
  }

  bandwidthOf(node: number): number {
    return this.bandwidths.length === 0 ? BANDWIDTH_UNKNOWN : (this.bandwidths[this.placeOf(node)] as number);
  }

  servicesOf(node: number): number {
    return (this.entries[this.at(node) + PATH_AND_SERVICES] as number) >>> PATH_BITS;
  }

  /** The node's sequence number. */
  sequenceOf(node: number): number {
    return this.entries[this.at(node) + SEQUENCE] as number;
  }

  /** Over the link; `COST_NONE` without an entry. */
  costOf(node: number): number {
    return this.entries[this.at(node) + COST] as number;
  }

  /** Whether the entry belongs to the neighbour's present session. */
  isCurrent(node: number): boolean {
    return ((this.entries[this.at(node) + LOSS_AND_NODE] as number) & CURRENT) !== 0;
  }

  /** Its cost is to be set next. */
  setEntry(node: number, { path, latency, loss, bandwidth, services, sequence, isCurrent }: Entry): void {
    const place = this.placeOf(node) || this.create(node);
    const at = place * FIELDS;
    const { entries } = this;
    entries[at + PATH_AND_SERVICES] = path | (services << PATH_BITS);
    entries[at + LOSS_AND_NODE] = loss | (isCurrent ? CURRENT : 0) | (node << NODE_SHIFT);
    entries[at + LATENCY] = latency;
    entries[at + SEQUENCE] = sequence;
    this.setBandwidth(place, bandwidth);
  }

  /** Of an entry that exists. */
  setCost(node: number, cost: number): void {
    this.entries[this.at(node) + COST] = cost;
  }

  clearEntry(node: number): void {
    const place = this.placeOf(node);
    if (place === NO_PLACE) return;
    this.place[node] = NO_PLACE;
    this.entries[place * FIELDS + PATH_AND_SERVICES] = 0;
    this.free.push(place);
    this.entryCount--;
  }

  /** A new session begins: no entry is of it. */
  age(): void {
    for (let at = LOSS_AND_NODE; at < this.end * FIELDS; at += FIELDS) (this.entries[at] as number) &= ~CURRENT;
  }

  /** Nodes with an entry, in the order of their places; `work` may clear the entry of its node. */
  forEach(work: (node: number) => void): void {
    for (let at = FIELDS; at < this.end * FIELDS; at += FIELDS)
      if (this.entries[at + PATH_AND_SERVICES] !== 0) work((this.entries[at + LOSS_AND_NODE] as number) >>> NODE_SHIFT);
  }

  private placeOf(node: number): number {
    return this.place[node] ?? NO_PLACE;
  }

  private at(node: number): number {
    return this.placeOf(node) * FIELDS;
  }

  private create(node: number): number {
    const place = this.free.pop() ?? this.end++;
    if (place * FIELDS >= this.entries.length) this.entries = resized(this.entries, new Uint32Array(roomier(place) * FIELDS));
    if (node >= this.place.length) this.fit(node + 1);
    this.place[node] = place;
    this.entryCount++;
    return place;
  }

  private fit(end: number): void {
    this.place = resized(this.place, new Uint16Array(this.place.length === 0 ? end : roomier(end)));
  }

  private setBandwidth(place: number, bandwidth: number): void {
    const { length } = this.bandwidths;
    if (length === 0 && bandwidth === BANDWIDTH_UNKNOWN) return;
    const size = this.entries.length / FIELDS;
    if (length < size) this.bandwidths = resized(this.bandwidths, new Uint32Array(size).fill(BANDWIDTH_UNKNOWN, length));
    this.bandwidths[place] = bandwidth;
  }
}
