/**
 * @module SharedPages: pages that several links have with the same content, kept once. Neighbours are sent nearly the same, so that what was
 * advertised to a thousand of them differs in few places. A page that is shared is not written to: whoever has to, takes a copy. Pure.
 */
import { mixWord } from '../../../core/structures/mix.js';

/** A part of what was advertised to a neighbour. */
export interface Page {
  readonly words: Uint32Array;
  /** Who shares it; 0: it belongs to one alone, who may write to it. */
  userCount: number;
  /** Of a shared page: a hash of its content. */
  hash: number;
}

export class SharedPages {
  /** By hash. Of two different contents with one hash, the one that comes first is shared. */
  private readonly byHash = new Map<number, Page>();

  constructor(private readonly wordCount: number) {}

  /** The number of different pages. */
  get size(): number {
    return this.byHash.size;
  }

  /** A page of one's own. */
  create(): Page {
    return { words: new Uint32Array(this.wordCount), userCount: 0, hash: 0 };
  }

  /** What stands for the page from now on: the same, or another one with the same content. */
  share(page: Page): Page {
    const hash = hashOf(page.words);
    const known = this.byHash.get(hash);
    if (known !== undefined && !isEqual(known.words, page.words)) return page;
    const shared = known ?? page;
    shared.hash = hash;
    shared.userCount++;
    if (known === undefined) this.byHash.set(hash, shared);
    return shared;
  }

  /** A page that may be written to, in place of a shared one. The last user of that one keeps it for itself. */
  own(page: Page): Page {
    if (page.userCount === 0) return page;
    this.release(page);
    if (page.userCount === 0) return page;
    return { words: page.words.slice(), userCount: 0, hash: 0 };
  }

  /** A user needs it no longer. */
  release(page: Page): void {
    if (page.userCount === 0) return;
    if (--page.userCount === 0) this.byHash.delete(page.hash);
  }
}

function hashOf(words: Uint32Array): number {
  let hash = 0;
  for (let index = 0; index < words.length; index++) hash = (Math.imul(hash ^ (words[index] as number), 0x9e3779b1) + index) | 0;
  return mixWord(hash);
}

function isEqual(left: Uint32Array, right: Uint32Array): boolean {
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}
