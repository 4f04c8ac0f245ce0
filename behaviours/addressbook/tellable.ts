/**
 * @module Tellable: the records that this node may pass on: those of the book, and its own. Pure.
 */
import { type AddressMode, isWithin, reachOf } from './address-class.js';
import type { Book } from './book.js';
import type { SignedBytes } from './entry.js';
import type { AddressRecord } from './record.js';

export class Tellable {
  private own: SignedBytes | undefined;

  constructor(private readonly book: Book) {}

  setOwn({ bytes, mark, seq, addresses }: AddressRecord): SignedBytes {
    this.own = { bytes, mark, seq, addressCount: addresses.length, reach: reachOf(addresses) ?? 'public', slot: this.book.ownSlot };
    return this.own;
  }

  has(mark: number): boolean {
    return this.own?.mark === mark || this.book.withMark(mark) !== undefined;
  }

  withMark(mark: number): SignedBytes | undefined {
    return this.own?.mark === mark ? this.own : this.book.withMark(mark)?.record;
  }

  /** Those that a remote in that mode may be told of. */
  *within(mode: AddressMode): Generator<SignedBytes> {
    if (this.own !== undefined && isWithin(this.own.reach, mode)) yield this.own;
    for (const { record } of this.book.values()) if (record !== undefined && isWithin(record.reach, mode)) yield record;
  }
}
