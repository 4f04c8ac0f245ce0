/**
 * @module Columns: what one link knows of every node, one typed array for each fact, indexed by the node's number. The first block is
 * what the neighbour told (an entry exists while `path` is not 0), the second what the neighbour was told. It grows, and checks nothing.
 */
import { COST_NONE } from './metric.js';

/** Bits of `out`. */
export const DIRTY = 1;
export const TOLD = 2;
export const INTRODUCED = 4;

const FIRST_SIZE = 64;

export class Columns {
  /** The path in the link's store, from the neighbour to the node. */
  path = new Uint32Array(FIRST_SIZE);
  /** The neighbour's own metric, without the link. */
  latency = new Uint32Array(FIRST_SIZE);
  loss = new Uint16Array(FIRST_SIZE);
  bandwidth = new Uint32Array(FIRST_SIZE);
  services = new Uint16Array(FIRST_SIZE);
  /** The node's sequence number. */
  sequence = new Uint32Array(FIRST_SIZE);
  /** Over the link; `COST_NONE` without an entry. */
  cost = new Uint32Array(FIRST_SIZE).fill(COST_NONE);
  /** The session that brought the entry, its lowest bits. */
  session = new Uint8Array(FIRST_SIZE);

  /** The name of everything that the neighbour was told of the node. */
  told = new Uint32Array(FIRST_SIZE);
  /** The name of the path in it. */
  toldPath = new Uint32Array(FIRST_SIZE);
  /** `DIRTY`: what was told may not be true any more. `TOLD`. `INTRODUCED`: the neighbour knows the number. */
  out = new Uint8Array(FIRST_SIZE);

  get byteLength(): number {
    return this.path.length * 34;
  }

  /** Makes room for numbers below `end`. */
  fit(end: number): void {
    if (end <= this.path.length) return;
    const size = roomier(end);
    this.path = resized(this.path, new Uint32Array(size));
    this.latency = resized(this.latency, new Uint32Array(size));
    this.loss = resized(this.loss, new Uint16Array(size));
    this.bandwidth = resized(this.bandwidth, new Uint32Array(size));
    this.services = resized(this.services, new Uint16Array(size));
    this.sequence = resized(this.sequence, new Uint32Array(size));
    this.cost = resized(this.cost, new Uint32Array(size).fill(COST_NONE));
    this.session = resized(this.session, new Uint8Array(size));
    this.told = resized(this.told, new Uint32Array(size));
    this.toldPath = resized(this.toldPath, new Uint32Array(size));
    this.out = resized(this.out, new Uint8Array(size));
  }
}

/** Room for `end` places and an eighth more: arrays grow often, and stay close to what is needed. */
export function roomier(end: number): number {
  return end + (end >> 3) + 8;
}

export function resized<T extends Uint8Array | Uint16Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
