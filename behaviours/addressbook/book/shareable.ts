/**
 * @module Tellable: the records that this node may pass on: those of the book, and its own. Pure.
 */

import { type AddressMode, isWithin, reachOf } from '../../../core/address/address-class.js';
import type { NodeId } from '../../../core/index.js';
import type { Book } from './book.js';
import type { SignedBytes } from './entry.js';
import type { AddressRecord } from './record.js';

export class Tellable {
  private signed: SignedBytes | undefined;

  constructor(private readonly book: Book) {}

  /** This node's own record. */
  get own(): SignedBytes | undefined {
    return this.signed;
  }

  setOwn({ bytes, mark, seq, addresses }: AddressRecord): SignedBytes {
    this.signed = { bytes, mark, seq, addressCount: addresses.length, reach: reachOf(addresses) ?? 'public', slot: this.book.ownSlot };
    return this.signed;
  }

  has(mark: number): boolean {
    return this.own?.mark === mark || this.book.withMark(mark) !== undefined;
  }

  withMark(mark: number): SignedBytes | undefined {
    return this.own?.mark === mark ? this.own : this.book.withMark(mark)?.record;
  }

  /** This node's own record, where a remote in that mode may be told of it. */
  ownWithin(mode: AddressMode): SignedBytes | undefined {
    return this.own !== undefined && isWithin(this.own.reach, mode) ? this.own : undefined;
  }

  /** Those that a remote in that mode may be told of. */
  *within(mode: AddressMode): Generator<SignedBytes> {
    const own = this.ownWithin(mode);
    if (own !== undefined) yield own;
    for (const { record } of this.book.signed()) if (record !== undefined && isWithin(record.reach, mode)) yield record;
  }

  /** Whether there is more to tell to that node than this one's own record, and its. */
  hasMore(mode: AddressMode, nodeId: NodeId): boolean {
    for (const entry of this.book.signed())
      if (entry.nodeId !== nodeId && entry.record !== undefined && isWithin(entry.record.reach, mode)) return true;
    return false;
  }
}
