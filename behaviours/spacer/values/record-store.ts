/**
 * @module RecordStore: the records that this node keeps for others. Bounded in all and for each source; what was not stored again in time is
 * forgotten. Pure.
 */
import { BoundedMap, type NodeId } from '../../../core/index.js';
import { PROVIDER, type SoundRecord } from './records.js';

export const STORE_LIMITS = {
  /** Records in all; at the bound the one that was stored first gives way. */
  recordsMax: 16_384,
  /** Of one source, which is the neighbour that brought them. What this node had before a restart counts for nobody. */
  perSourceMax: 2_048,
  /** Providers of one key that are kept, and told. */
  providersPerKeyMax: 20,
  /** Of those, so many of one source. */
  providersPerSourceMax: 4,
  ttlMsMax: 86_400_000,
} as const;

/** Why a record is not kept. */
export type StoreRefusal = 'older' | 'mismatch' | 'full';

export interface StoreWish {
  readonly record: SoundRecord;
  /** `undefined`: this node had it before a restart. */
  readonly source: NodeId | undefined;
  readonly ttlMs: number;
  /** Only if the record of now has this number; 0: only if there is none. `undefined`: whatever there is. */
  readonly expected: number | undefined;
}

interface Kept {
  readonly record: SoundRecord;
  readonly source: NodeId | undefined;
  readonly untilMs: number;
}

export class RecordStore {
  private readonly kept = new BoundedMap<string, Kept>(STORE_LIMITS.recordsMax);
  private readonly byKey = new Map<NodeId, Set<string>>();
  private readonly bySource = new Map<NodeId, number>();

  get size(): number {
    return this.kept.size;
  }

  /**
   * Keeps it, in place of an older one, and for as long as that one at least: the time is not signed, so that whoever has read a record could end it
   * otherwise. Or says why not.
   */
  put({ record, source, ttlMs, expected }: StoreWish, nowMs: number): StoreRefusal | undefined {
    const id = idOf(record);
    const known = this.live(id, nowMs);
    if (known !== undefined && known.record.seq > record.seq) return 'older';
    if (known !== undefined && known.record.seq === record.seq && !isSame(known.record.value, record.value)) return 'older';
    if (expected !== undefined && expected !== (known?.record.seq ?? 0)) return 'mismatch';
    if (known === undefined && !this.hasRoom(record, source, nowMs)) return 'full';
    this.remove(id);
    // Who has no room of its own takes nothing over either: it stays with the one before.
    const owner = known === undefined || this.hasRoomOf(source, record) ? source : known.source;
    const untilMs = Math.max(known?.untilMs ?? 0, nowMs + Math.min(ttlMs, STORE_LIMITS.ttlMsMax));
    const displaced = this.kept.set(id, { record, source: owner, untilMs });
    if (displaced !== undefined) this.forgotten(displaced.key, displaced.value);
    this.byKey.set(record.key, (this.byKey.get(record.key) ?? new Set()).add(id));
    if (owner !== undefined) this.bySource.set(owner, (this.bySource.get(owner) ?? 0) + 1);
    return undefined;
  }

  /** The live records of a key. */
  get(key: NodeId, nowMs: number): readonly SoundRecord[] {
    return [...(this.byKey.get(key) ?? [])].flatMap((id) => this.live(id, nowMs)?.record ?? []);
  }

  /** All live records with the time that they have left. */
  values(nowMs: number): readonly { readonly record: SoundRecord; readonly leftMs: number }[] {
    return this.kept.entries().flatMap(({ value: { record, untilMs } }) => (untilMs > nowMs ? { record, leftMs: untilMs - nowMs } : []));
  }

  expire(nowMs: number): void {
    for (const { key, value } of this.kept.entries()) if (value.untilMs <= nowMs) this.remove(key);
  }

  private hasRoomOf(source: NodeId | undefined, { kind, key }: SoundRecord): boolean {
    if (source === undefined) return true;
    if ((this.bySource.get(source) ?? 0) >= STORE_LIMITS.perSourceMax) return false;
    if (kind !== PROVIDER) return true;
    const own = [...(this.byKey.get(key) ?? [])].filter((id) => this.kept.get(id)?.source === source);
    return own.length < STORE_LIMITS.providersPerSourceMax;
  }

  private hasRoom(record: SoundRecord, source: NodeId | undefined, nowMs: number): boolean {
    // Forgets those whose time is over.
    const { length } = this.get(record.key, nowMs);
    return this.hasRoomOf(source, record) && (record.kind !== PROVIDER || length < STORE_LIMITS.providersPerKeyMax);
  }

  private live(id: string, nowMs: number): Kept | undefined {
    const kept = this.kept.get(id);
    if (kept === undefined || kept.untilMs > nowMs) return kept;
    this.remove(id);
    return undefined;
  }

  private remove(id: string): void {
    const kept = this.kept.take(id);
    if (kept !== undefined) this.forgotten(id, kept);
  }

  private forgotten(id: string, { record, source }: Kept): void {
    const ids = this.byKey.get(record.key);
    ids?.delete(id);
    if (ids?.size === 0) this.byKey.delete(record.key);
    if (source === undefined) return;
    const count = (this.bySource.get(source) ?? 1) - 1;
    if (count > 0) this.bySource.set(source, count);
    else this.bySource.delete(source);
  }
}

/** One record for a key and its author. */
function idOf({ kind, key, author }: SoundRecord): string {
  return `${kind}/${key}/${author ?? ''}`;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
