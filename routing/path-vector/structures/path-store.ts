/**
 * @module PathStore: the paths that one neighbour has advertised, as a tree of hops, so that paths with a common beginning share it. A path is
 * the number of its last hop; 0 is the path without hops. Paths are counted by their holders and vanish with the last one. One store
 * belongs to one link and goes with it; it is bounded, and full it takes no more.
 */
import { resized, roomier } from './arrays.js';
import type { NodeList } from './node-list.js';

/** The path without hops, and the answer that there is none. */
export const NO_PATH = 0;

const FIRST_SIZE = 4;
const SHORT_MAX = 0xffff;
const DEPTH_MAX = 0xff;
const HOLDERS_MAX = 0xffff;
/** The base of the polynomial that names a path: odd, so that its powers never vanish. */
const BASE = 0x9e37_79b1;
const POWERS = powersOf(BASE, 257);

/** The name of the path `first` followed by the path of `hopCount` hops with the name `rest`. */
export function nameBehind(first: number, rest: number, hopCount: number): number {
  return (Math.imul(first, POWERS[hopCount] as number) + rest) >>> 0;
}

/** The numbers of a path, in this order. */
const FIELDS = 4;
const PARENT = 0;
const HOP = 1;
const HOLDERS = 2;
/** The next path in the same bucket; in free ones the next free one. */
const NEXT = 3;

export class PathStore {
  /** Short numbers as long as they do, which is mostly always. */
  private cells: Uint16Array | Uint32Array = new Uint16Array(FIRST_SIZE * FIELDS);
  private names = new Uint32Array(FIRST_SIZE);
  private depths = new Uint8Array(FIRST_SIZE);
  private buckets: Uint16Array | Uint32Array = new Uint16Array(FIRST_SIZE);
  private end = 1;
  private freed = NO_PATH;
  private count = 0;

  constructor(
    private readonly nodes: NodeList,
    private readonly pathsMax: number,
  ) {}

  /** How many there are. */
  get size(): number {
    return this.count;
  }

  get byteLength(): number {
    return this.cells.byteLength + this.names.byteLength + this.depths.byteLength + this.buckets.byteLength;
  }

  hopCount(path: number): number {
    return this.depths[path] as number;
  }

  lastHop(path: number): number {
    return this.cells[path * FIELDS + HOP] as number;
  }

  /** The path without its last hop. */
  parent(path: number): number {
    return this.cells[path * FIELDS + PARENT] as number;
  }

  /** 32 bits that follow from the ids of the hops alone: equal paths of two nodes have equal names. */
  name(path: number): number {
    return this.names[path] as number;
  }

  contains(path: number, node: number): boolean {
    for (let at = path; at !== NO_PATH; at = this.parent(at)) if (this.lastHop(at) === node) return true;
    return false;
  }

  /** The hops in order. */
  hopsOf(path: number): number[] {
    const hops: number[] = [];
    for (let at = path; at !== NO_PATH; at = this.parent(at)) hops.push(this.lastHop(at));
    return hops.reverse();
  }

  /** `parent` followed by `hop`, or `NO_PATH` when there is no room. The caller holds it at once, or discards it. */
  extend(parent: number, hop: number): number {
    const name = (Math.imul(this.name(parent), BASE) + (this.nodes.names[hop] as number)) >>> 0;
    for (let at = this.buckets[name % this.buckets.length] as number; at !== NO_PATH; at = this.next(at))
      if (this.parent(at) === parent && this.lastHop(at) === hop) return at;
    const isFull = this.count >= this.pathsMax || this.hopCount(parent) === DEPTH_MAX || this.holders(parent) === HOLDERS_MAX;
    return isFull ? NO_PATH : this.create(parent, hop, name);
  }

  hold(path: number): void {
    (this.cells[path * FIELDS + HOLDERS] as number)++;
  }

  release(path: number): void {
    (this.cells[path * FIELDS + HOLDERS] as number)--;
    this.discard(path);
  }

  /** Forgets a path that nobody holds, and what it was alone to hold. */
  discard(path: number): void {
    let at = path;
    while (at !== NO_PATH && this.holders(at) === 0) {
      const parent = this.parent(at);
      this.unlink(at);
      this.nodes.release(this.lastHop(at));
      this.setNext(at, this.freed);
      this.freed = at;
      this.count--;
      if (parent !== NO_PATH) (this.cells[parent * FIELDS + HOLDERS] as number)--;
      at = parent;
    }
  }

  /** The link is gone: every node that a path holds is released. */
  clear(): void {
    for (let bucket = 0; bucket < this.buckets.length; bucket++)
      for (let at = this.buckets[bucket] as number; at !== NO_PATH; at = this.next(at)) this.nodes.release(this.lastHop(at));
    this.buckets.fill(NO_PATH);
    this.count = 0;
  }

  private holders(path: number): number {
    return this.cells[path * FIELDS + HOLDERS] as number;
  }

  private next(path: number): number {
    return this.cells[path * FIELDS + NEXT] as number;
  }

  private setNext(path: number, next: number): void {
    this.cells[path * FIELDS + NEXT] = next;
  }

  private create(parent: number, hop: number, name: number): number {
    if (this.freed === NO_PATH && this.end === this.names.length) this.grow();
    const path = this.freed === NO_PATH ? this.end++ : this.freed;
    if (path === this.freed) this.freed = this.next(path);
    const at = path * FIELDS;
    this.cells[at + PARENT] = parent;
    this.cells[at + HOP] = hop;
    this.cells[at + HOLDERS] = 0;
    this.names[path] = name;
    this.depths[path] = this.hopCount(parent) + 1;
    this.link(path);
    if (parent !== NO_PATH) this.hold(parent);
    this.nodes.hold(hop);
    this.count++;
    return path;
  }

  /** Into its bucket. */
  private link(path: number): void {
    const bucket = this.name(path) % this.buckets.length;
    this.setNext(path, this.buckets[bucket] as number);
    this.buckets[bucket] = path;
  }

  private unlink(path: number): void {
    const bucket = this.name(path) % this.buckets.length;
    let before = NO_PATH;
    for (let at = this.buckets[bucket] as number; at !== path; at = this.next(at)) before = at;
    if (before === NO_PATH) this.buckets[bucket] = this.next(path);
    else this.setNext(before, this.next(path));
  }

  /** Nothing is free: every path up to the end is in a bucket. */
  private grow(): void {
    const size = roomier(this.names.length + 1);
    const Cells = size > SHORT_MAX ? Uint32Array : Uint16Array;
    this.cells = resized(this.cells, new Cells(size * FIELDS));
    this.names = resized(this.names, new Uint32Array(size));
    this.depths = resized(this.depths, new Uint8Array(size));
    this.buckets = new Cells(size);
    for (let path = 1; path < this.end; path++) this.link(path);
  }
}

function powersOf(base: number, count: number): Uint32Array {
  const powers = new Uint32Array(count);
  powers[0] = 1;
  for (let index = 1; index < count; index++) powers[index] = Math.imul(powers[index - 1] as number, base);
  return powers;
}
