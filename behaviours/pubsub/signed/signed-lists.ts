/**
 * @module SignedLists: the lists of one feed of a signed topic: those that came ahead of their messages, and those of the last messages, for neighbours
 * that come over another path. Relays keep them unread; who delivers the messages checks a list when the first of them is there. Bounded in
 * number, and in bytes by the budget of all feeds. Pure.
 */
import { equalBytes } from '../../../core/structures/bytes.js';
import { hashCountOf, type Unproven } from './list.js';

/** Lists of one feed; the oldest give way. */
const LISTS_MAX = 128;
/** Messages behind the next one of which lists are kept: as many as a feed keeps itself. */
const BEHIND_MAX = 64;

/** Bytes that all feeds of a node may keep together. */
export interface ByteBudget {
  left: number;
  /** Whether there was room for so many more, which are taken. */
  take(byteCount: number): boolean;
}

export interface SignedList {
  /** The numbers of its messages, as who sent it claims. */
  readonly first: number;
  readonly last: number;
  readonly bytes: Uint8Array;
  /** `undefined`: not checked yet. */
  verdict: 'genuine' | Unproven | undefined;
}

export class SignedLists {
  private lists: SignedList[] = [];

  constructor(private readonly budget: ByteBudget) {}

  /** Keeps the bytes, if there is room. False: it is known, or others of its numbers are known to be genuine. */
  add(first: number, bytes: Uint8Array, next: number): boolean {
    const last = first + hashCountOf(bytes) - 1;
    const overlaps = (list: SignedList) => list.first <= last && first <= list.last;
    if (this.lists.some((list) => overlaps(list) && (list.verdict === 'genuine' || equalBytes(list.bytes, bytes)))) return false;
    this.keep((list) => list.last >= next - BEHIND_MAX && !overlaps(list));
    if (this.lists.length >= LISTS_MAX) this.drop(this.lists.shift());
    if (this.budget.take(bytes.length)) this.lists.push({ first, last, bytes, verdict: undefined });
    return true;
  }

  covering(number: number): SignedList | undefined {
    return this.lists.find(({ first, last }) => first <= number && number <= last);
  }

  /** Those of messages from a number on. */
  since(number: number): readonly SignedList[] {
    return this.lists.filter(({ last }) => last >= number);
  }

  clear(): void {
    this.keep(() => false);
  }

  private keep(isWanted: (list: SignedList) => boolean): void {
    for (const list of this.lists) if (!isWanted(list)) this.drop(list);
    this.lists = this.lists.filter(isWanted);
  }

  private drop(list: SignedList | undefined): void {
    if (list !== undefined) this.budget.left += list.bytes.length;
  }
}
