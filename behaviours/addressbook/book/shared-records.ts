/**
 * @module SharedRecords: the signed records that this node may pass on: those of the nodes that it knows, and its own. Each has a slot, a
 * small number, so that what neighbours have been sent are sets of bits; a slot is used again only after whoever keeps such sets has noted
 * that its record has gone. Pure.
 */
import { type AddressMode, isWithin, reachOf } from '../../../core/address/address-class.js';
import type { NodeId } from '../../../core/index.js';
import type { Entry, SignedBytes } from './entry.js';
import type { AddressRecord } from './record.js';
import { type Place, RecordBytes } from './record-bytes.js';

/** Of this node's own record. */
export const OWN_SLOT = 0;

export class SharedRecords {
  private readonly byMark = new Map<number, Entry>();
  private readonly bytes = new RecordBytes(() => this.stored());
  private ownRecord: SignedBytes | undefined;
  private nextSlot = OWN_SLOT + 1;
  private readonly freeSlots: number[] = [];
  private retiredSlots: number[] = [];

  /** This node's own record. */
  get own(): SignedBytes | undefined {
    return this.ownRecord;
  }

  setOwn(record: AddressRecord, nowMs: number): SignedBytes {
    const { bytes } = record;
    this.ownRecord = { bytes, ...factsOf(record, nowMs), slot: OWN_SLOT };
    return this.ownRecord;
  }

  /** The entry has that record from now on. */
  set(entry: Entry, record: AddressRecord, bornMs: number): void {
    this.drop(entry);
    const stored = new StoredRecord(this.bytes, { ...factsOf(record, bornMs), slot: this.freeSlots.pop() ?? this.nextSlot++ });
    this.bytes.put(stored, record.bytes);
    entry.record = stored;
    this.byMark.set(record.mark, entry);
  }

  /** The entry has none from now on. */
  drop(entry: Entry): void {
    const { record } = entry;
    if (record === undefined) return;
    this.byMark.delete(record.mark);
    this.retiredSlots.push(record.slot);
    this.bytes.drop(record as StoredRecord);
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

  private *stored(): Generator<Place> {
    for (const { record } of this.byMark.values()) if (record !== undefined) yield record as StoredRecord;
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

type RecordFacts = Omit<SignedBytes, 'bytes' | 'check'>;

/** The record of an entry. Its bytes are a view, to be used at once. */
class StoredRecord implements SignedBytes, Place {
  offset = 0;
  length = 0;
  readonly mark: number;
  readonly seq: number;
  readonly bornMs: number;
  readonly addressCount: number;
  readonly reach: AddressMode;
  readonly slot: number;
  check: (() => boolean) | undefined;

  constructor(
    private readonly home: RecordBytes,
    { mark, seq, bornMs, addressCount, reach, slot }: RecordFacts,
  ) {
    this.mark = mark;
    this.seq = seq;
    this.bornMs = bornMs;
    this.addressCount = addressCount;
    this.reach = reach;
    this.slot = slot;
  }

  get bytes(): Uint8Array {
    return this.home.view(this);
  }
}

function factsOf({ mark, seq, addresses }: AddressRecord, bornMs: number): Omit<RecordFacts, 'slot'> {
  return { mark, seq, bornMs, addressCount: addresses.length, reach: reachOf(addresses) ?? 'public' };
}
