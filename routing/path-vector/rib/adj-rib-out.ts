/**
 * @module AdjRibOut: what was advertised to one neighbour, by the node's number: the name of the whole entry, the name of the path in it,
 * and flags. It comes in pages, because there is one for each of perhaps a thousand links, and all of them grow at once.
 */

/** What was advertised may not be true any more. */
export const DIRTY = 1;
export const ADVERTISED = 2;
/** The neighbour knows the number. */
export const INTRODUCED = 4;
/** Dirty, but waits for its turn. */
export const POSTPONED = 8;

/** Nodes on a page: 256, in groups of four: their names, the names of their paths, and the flags of all four in one number. */
const PAGE_BITS = 8;
const PAGE_NODES = 1 << PAGE_BITS;
const PATHS = 4;
const FLAGS = 8;
const GROUP_SIZE = 9;
const PAGE_SIZE = (PAGE_NODES / 4) * GROUP_SIZE;

export class AdjRibOut {
  private readonly pages: (Uint32Array | undefined)[] = [];

  get byteLength(): number {
    return this.pages.length * PAGE_SIZE * Uint32Array.BYTES_PER_ELEMENT;
  }

  nameOf(node: number): number {
    return this.pages[node >> PAGE_BITS]?.[placeOf(node)] ?? 0;
  }

  /** Whether the path with that name to the node was advertised. */
  isAdvertised(node: number, pathName: number): boolean {
    const page = this.pages[node >> PAGE_BITS];
    return page?.[placeOf(node) + PATHS] === pathName && (this.flagsOf(node) & ADVERTISED) !== 0;
  }

  setNames(node: number, name: number, pathName: number): void {
    const page = this.pageOf(node);
    page[placeOf(node)] = name;
    page[placeOf(node) + PATHS] = pathName;
  }

  flagsOf(node: number): number {
    const word = this.pages[node >> PAGE_BITS]?.[groupOf(node) + FLAGS] ?? 0;
    return (word >>> ((node & 3) * 8)) & 0xff;
  }

  setFlags(node: number, flags: number): void {
    const page = this.pageOf(node);
    const at = groupOf(node) + FLAGS;
    const shift = (node & 3) * 8;
    page[at] = ((page[at] as number) & ~(0xff << shift)) | (flags << shift);
  }

  /** The nodes with one of the flags, in the order of their numbers, and so many at most. */
  find(flags: number, countMax = Number.POSITIVE_INFINITY): number[] {
    const nodes: number[] = [];
    for (let node = 0; node < this.pages.length << PAGE_BITS && nodes.length < countMax; node++)
      if ((this.flagsOf(node) & flags) !== 0) nodes.push(node);
    return nodes;
  }

  /** The number is free: it may mean another node next. */
  forget(node: number): void {
    if (this.flagsOf(node) !== 0) this.setFlags(node, 0);
  }

  clear(): void {
    this.pages.length = 0;
  }

  private pageOf(node: number): Uint32Array {
    const index = node >> PAGE_BITS;
    while (this.pages.length <= index) this.pages.push(undefined);
    this.pages[index] ??= new Uint32Array(PAGE_SIZE);
    return this.pages[index];
  }
}

/** Where the node's group begins on its page, and its own name. */
function groupOf(node: number): number {
  return ((node % PAGE_NODES) >> 2) * GROUP_SIZE;
}

function placeOf(node: number): number {
  return groupOf(node) + (node & 3);
}
