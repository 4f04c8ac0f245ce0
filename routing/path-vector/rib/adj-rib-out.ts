/**
 * @module AdjRibOut: what was advertised to one neighbour, by the node's number: the name of the whole entry, the name of the path in it,
 * and flags. It comes in pages, because there is one for each of perhaps a thousand links, and all of them grow at once; pages that are the
 * same for several links are kept once.
 */
import { type Page, SharedPages } from './shared-pages.js';

/** What was advertised may not be true any more. */
export const DIRTY = 1;
export const ADVERTISED = 2;
/** The neighbour knows the number. */
export const INTRODUCED = 4;
/** Dirty, but waits for its turn. */
export const POSTPONED = 8;

/** Nodes on a page: 64, in groups of four: their names, the names of their paths, and the flags of all four in one number. */
const PAGE_BITS = 6;
const PAGE_NODES = 1 << PAGE_BITS;
const PATHS = 4;
const FLAGS = 8;
const GROUP_SIZE = 9;
const PAGE_SIZE = (PAGE_NODES / 4) * GROUP_SIZE;
/** Flags of all four nodes of a group that will change soon. */
const UNSETTLED = (DIRTY | POSTPONED) * 0x0101_0101;

/** For all links of one table. */
export function createSharedPages(): SharedPages {
  return new SharedPages(PAGE_SIZE);
}

export class AdjRibOut {
  private readonly pages: (Page | undefined)[] = [];
  /** Pages that were written to since they were looked at last. */
  private readonly written = new Set<number>();

  constructor(private readonly shared: SharedPages) {}

  /** Each user of a shared page has its part of it. */
  get byteLength(): number {
    const bytes = PAGE_SIZE * Uint32Array.BYTES_PER_ELEMENT;
    return this.pages.reduce((sum, page) => sum + (page === undefined ? 0 : bytes / Math.max(1, page.userCount)), 0);
  }

  nameOf(node: number): number {
    return this.pages[node >> PAGE_BITS]?.words[placeOf(node)] ?? 0;
  }

  /** Pages that stay as they are for now are shared with the other links of the table. */
  share(): void {
    for (const index of this.written) {
      const page = this.pages[index] as Page;
      if (isUnsettled(page)) continue;
      this.written.delete(index);
      this.pages[index] = this.shared.share(page);
    }
  }

  /** Whether the path with that name to the node was advertised. */
  isAdvertised(node: number, pathName: number): boolean {
    const page = this.pages[node >> PAGE_BITS]?.words;
    return page?.[placeOf(node) + PATHS] === pathName && (this.flagsOf(node) & ADVERTISED) !== 0;
  }

  setNames(node: number, name: number, pathName: number): void {
    const page = this.pageOf(node);
    page[placeOf(node)] = name;
    page[placeOf(node) + PATHS] = pathName;
  }

  flagsOf(node: number): number {
    const word = this.pages[node >> PAGE_BITS]?.words[groupOf(node) + FLAGS] ?? 0;
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
    for (const page of this.pages) if (page !== undefined) this.shared.release(page);
    this.pages.length = 0;
    this.written.clear();
  }

  private pageOf(node: number): Uint32Array {
    const index = node >> PAGE_BITS;
    while (this.pages.length <= index) this.pages.push(undefined);
    const page = this.pages[index];
    const own = page === undefined ? this.shared.create() : this.shared.own(page);
    if (own !== page) this.pages[index] = own;
    this.written.add(index);
    return own.words;
  }
}

function isUnsettled({ words }: Page): boolean {
  for (let at = FLAGS; at < PAGE_SIZE; at += GROUP_SIZE) if (((words[at] as number) & UNSETTLED) !== 0) return true;
  return false;
}

/** Where the node's group begins on its page, and its own name. */
function groupOf(node: number): number {
  return ((node % PAGE_NODES) >> 2) * GROUP_SIZE;
}

function placeOf(node: number): number {
  return groupOf(node) + (node & 3);
}
