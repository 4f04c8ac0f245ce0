/**
 * @module PathStore: the paths that one neighbour told of, as a tree of hops, so that paths with a common beginning share it. A path is
 * the number of its last hop; 0 is the path without hops. Paths are counted by their holders and vanish with the last one. One store
 * belongs to one link and goes with it; it is bounded, and full it takes no more.
 */
import { resized, roomier } from './columns.js';
import type { NodeList } from './node-list.js';

/** The path without hops, and the answer that there is none. */
export const NO_PATH = 0;

const FIRST_SIZE = 4;
const DEPTH_MAX = 0xff;
const HOLDERS_MAX = 0xffff;
/** The base of the polynomial that names a path: odd, so that its powers never vanish. */
const BASE = 0x9e37_79b1;
const POWERS = powersOf(BASE, 257);

/** The name of the path `first` followed by the path of `hopCount` hops with the name `rest`. */
export function nameBehind(first: number, rest: number, hopCount: number): number {
  return (Math.imul(first, POWERS[hopCount] as number) + rest) >>> 0;
}

export class PathStore {
  private parents = new Uint32Array(FIRST_SIZE);
  private hops = new Uint32Array(FIRST_SIZE);
  private names = new Uint32Array(FIRST_SIZE);
  private holders = new Uint16Array(FIRST_SIZE);
  private depths = new Uint8Array(FIRST_SIZE);
  /** The next path in the same bucket; in free ones the next free one. */
  private nexts = new Uint32Array(FIRST_SIZE);
  private buckets = new Uint32Array(FIRST_SIZE);
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
    return this.parents.length * 23;
  }

  hopCount(path: number): number {
    return this.depths[path] as number;
  }

  lastHop(path: number): number {
    return this.hops[path] as number;
  }

  /** The path without its last hop. */
  parent(path: number): number {
    return this.parents[path] as number;
  }

  /** 32 bits that follow from the ids of the hops alone: equal paths of two nodes have equal names. */
  name(path: number): number {
    return this.names[path] as number;
  }

  contains(path: number, node: number): boolean {
    for (let at = path; at !== NO_PATH; at = this.parents[at] as number) if (this.hops[at] === node) return true;
    return false;
  }

  /** The hops in order. */
  hopsOf(path: number): number[] {
    const hops: number[] = [];
    for (let at = path; at !== NO_PATH; at = this.parents[at] as number) hops.push(this.hops[at] as number);
    return hops.reverse();
  }

  /** `parent` followed by `hop`, or `NO_PATH` when there is no room. The caller holds it at once, or discards it. */
  extend(parent: number, hop: number): number {
    const name = (Math.imul(this.names[parent] as number, BASE) + (this.nodes.names[hop] as number)) >>> 0;
    const bucket = name % this.buckets.length;
    for (let at = this.buckets[bucket] as number; at !== NO_PATH; at = this.nexts[at] as number)
      if (this.parents[at] === parent && this.hops[at] === hop) return at;
    const isFull = this.count >= this.pathsMax || this.depths[parent] === DEPTH_MAX || this.holders[parent] === HOLDERS_MAX;
    return isFull ? NO_PATH : this.create(parent, hop, name);
  }

  hold(path: number): void {
    (this.holders[path] as number)++;
  }

  release(path: number): void {
    (this.holders[path] as number)--;
    this.discard(path);
  }

  /** Forgets a path that nobody holds, and what it was alone to hold. */
  discard(path: number): void {
    let at = path;
    while (at !== NO_PATH && this.holders[at] === 0) {
      const parent = this.parents[at] as number;
      this.unlink(at);
      this.nodes.release(this.hops[at] as number);
      this.nexts[at] = this.freed;
      this.freed = at;
      this.count--;
      if (parent !== NO_PATH) (this.holders[parent] as number)--;
      at = parent;
    }
  }

  /** The link is gone: every node that a path holds is released. */
  clear(): void {
    for (let bucket = 0; bucket < this.buckets.length; bucket++)
      for (let at = this.buckets[bucket] as number; at !== NO_PATH; at = this.nexts[at] as number)
        this.nodes.release(this.hops[at] as number);
    this.buckets.fill(NO_PATH);
    this.count = 0;
  }

  private create(parent: number, hop: number, name: number): number {
    if (this.freed === NO_PATH && this.end === this.parents.length) this.grow();
    const path = this.freed === NO_PATH ? this.end++ : this.freed;
    if (path === this.freed) this.freed = this.nexts[path] as number;
    const bucket = name % this.buckets.length;
    this.parents[path] = parent;
    this.hops[path] = hop;
    this.names[path] = name;
    this.holders[path] = 0;
    this.depths[path] = (this.depths[parent] as number) + 1;
    this.nexts[path] = this.buckets[bucket] as number;
    this.buckets[bucket] = path;
    if (parent !== NO_PATH) (this.holders[parent] as number)++;
    this.nodes.hold(hop);
    this.count++;
    return path;
  }

  private unlink(path: number): void {
    const bucket = (this.names[path] as number) % this.buckets.length;
    let before = NO_PATH;
    for (let at = this.buckets[bucket] as number; at !== path; at = this.nexts[at] as number) before = at;
    if (before === NO_PATH) this.buckets[bucket] = this.nexts[path] as number;
    else this.nexts[before] = this.nexts[path] as number;
  }

  private grow(): void {
    const size = roomier(this.parents.length + 1);
    this.parents = resized(this.parents, new Uint32Array(size));
    this.hops = resized(this.hops, new Uint32Array(size));
    this.names = resized(this.names, new Uint32Array(size));
    this.holders = resized(this.holders, new Uint16Array(size));
    this.depths = resized(this.depths, new Uint8Array(size));
    this.nexts = new Uint32Array(size);
    this.buckets = new Uint32Array(size);
    for (let path = 1; path < this.end; path++) {
      const bucket = (this.names[path] as number) % size;
      this.nexts[path] = this.buckets[bucket] as number;
      this.buckets[bucket] = path;
    }
  }
}

function powersOf(base: number, count: number): Uint32Array {
  const powers = new Uint32Array(count);
  powers[0] = 1;
  for (let index = 1; index < count; index++) powers[index] = Math.imul(powers[index - 1] as number, base);
  return powers;
}
