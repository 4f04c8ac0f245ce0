/**
 * @module SharedRecords: the signed records that this node may pass on: those of the nodes that it knows, and its own. Each has a slot, a
 * small number, so that what neighbours have been sent are sets of bits; a slot is used again only after whoever keeps such sets has noted
 * that its record has gone. Pure.
 */
import { type AddressMode, isWithin, reachOf } from '../../../core/address/address-class.js';
import type { NodeId } from '../../../core/index.js';
import type { Entry, SignedBytes } from './entry.js';
import type { AddressRecord } from './record.js';

/** Of this node's own record. */
export const OWN_SLOT = 0;

export class SharedRecords {
  private readonly byMark = new Map<number, Entry>();
  private ownRecord: SignedBytes | undefined;
  private nextSlot = OWN_SLOT + 1;
  private readonly freeSlots: number[] = [];
  private retiredSlots: number[] = [];

  /** This node's own record. */
  get own(): SignedBytes | undefined {
    return this.ownRecord;
  }

  setOwn(record: AddressRecord): SignedBytes {
    this.ownRecord = signedBytes(record, OWN_SLOT);
    return this.ownRecord;
  }

  /** The entry has that record from now on. */
  set(entry: Entry, record: AddressRecord): void {
    this.drop(entry);
    entry.record = signedBytes(record, this.freeSlots.pop() ?? this.nextSlot++);
    this.byMark.set(record.mark, entry);
  }

  /** The entry has none from now on. */
  drop(entry: Entry): void {
    if (entry.record === undefined) return;
    this.byMark.delete(entry.record.mark);
    this.retiredSlots.push(entry.record.slot);
    entry.record = undefined;
  }

  has(mark: number): boolean {
    return this.ownRecord?.mark === mark || this.byMark.has(mark);
  }

  withMark(mark: number): SignedBytes | undefined {
    return this.ownRecord?.mark === mark ? this.ownRecord : this.byMark.get(mark)?.record;
  }

  /** This node's own record, where a remote in that mode may be sent it. */
  ownWithin(mode: AddressMode): SignedBytes | undefined {
    return this.ownRecord !== undefined && isWithin(this.ownRecord.reach, mode) ? this.ownRecord : undefined;
  }

  /** Those that a remote in that mode may be sent. */
  within(mode: AddressMode): readonly SignedBytes[] {
    const own = this.ownWithin(mode);
    const records = own === undefined ? [] : [own];
    for (const { record } of this.byMark.values()) if (record !== undefined && isWithin(record.reach, mode)) records.push(record);
    return records;
  }

  /** Whether there is more for that node than this one's own record, and its. */
  hasMore(mode: AddressMode, nodeId: NodeId): boolean {
    for (const { nodeId: id, record } of this.byMark.values())
      if (id !== nodeId && record !== undefined && isWithin(record.reach, mode)) return true;
    return false;
  }

  /** Slots whose records have gone since the last call; from now on they are used again. */
  takeRetiredSlots(): readonly number[] {
    const { retiredSlots } = this;
    if (retiredSlots.length === 0) return retiredSlots;
    this.retiredSlots = [];
    this.freeSlots.push(...retiredSlots);
    return retiredSlots;
  }
}

function signedBytes({ bytes, mark, seq, addresses }: AddressRecord, slot: number): SignedBytes {
  return { bytes, mark, seq, addressCount: addresses.length, reach: reachOf(addresses) ?? 'public', slot };
}
