/**
 * @module Published: the records that this node has put, and puts again in time, region by region, until they are withdrawn. The pieces of a value are put again with
 * it. Bounded in records.
 */
import { type BehaviorAgent, limitReached, type NodeId, WakeTimer } from '../../../core/index.js';
import type { SpacerCounters } from '../options.js';
import type { Finder } from './finder.js';
import type { StoredRecord, Storing } from './storing.js';
import { servedBy } from './sweep.js';

/** Records of this node that are put again. */
export const PUBLISHED_MAX = 16_384;
/** Put again after this share of their time, or sooner by this one, with others of the region; where that failed, after this one more. */
const RENEW_SHARE = 0.5;
const EARLY_SHARE = 0.125;
const RETRY_SHARE = 0.125;

export interface PublishedParts {
  readonly storing: Storing;
  readonly counters: SpacerCounters;
  readonly finder: Finder;
  act<T>(work: (agent: BehaviorAgent) => T): T;
}

/** Room for records that are being put. */
export interface Reservation {
  readonly id: string;
  readonly count: number;
}

/** The record of a value, and its pieces. */
interface Entry {
  readonly records: readonly StoredRecord[];
  readonly ttlMs: number;
  /** When it is put again. */
  dueMs: number;
}

export class Published {
  private readonly reservations = new Set<Reservation>();
  private readonly entries = new Map<string, Entry>();
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => void this.renew(agent));
  private isRenewing = false;
  private count = 0;

  constructor(private readonly parts: PublishedParts) {}

  /** Records. */
  get size(): number {
    return this.count;
  }

  /** Before they are put; it ends with `set` or `release`. Throws `LIMIT_EXCEEDED` when so many records of one entry have no room. */
  reserve(id: string, count: number): Reservation {
    const reserved = [...this.reservations].reduce((sum, reservation) => sum + reservation.count, 0);
    const used = this.count + reserved;
    if (used - (this.entries.get(id)?.records.length ?? 0) + count > PUBLISHED_MAX)
      throw limitReached({ limit: 'PUBLISHED_MAX', current: used, maximum: PUBLISHED_MAX, scope: 'spacer: records of this node' });
    const reservation = { id, count };
    this.reservations.add(reservation);
    return reservation;
  }

  /** They were not put. */
  release(reservation: Reservation): void {
    this.reservations.delete(reservation);
  }

  /** They have been put, in place of those of the same id; unless that was deleted meanwhile. */
  set(agent: BehaviorAgent, reservation: Reservation, records: readonly StoredRecord[]): void {
    if (!this.reservations.delete(reservation)) return;
    const { id } = reservation;
    this.remove(id);
    const ttlMs = Math.min(...records.map((record) => record.ttlMs));
    const dueMs = agent.nowMs + ttlMs * RENEW_SHARE;
    this.entries.set(id, { records, ttlMs, dueMs });
    this.count += records.length;
    if (!this.isRenewing) this.timer.at(agent, Math.min(this.timer.dueMs, dueMs));
  }

  /** They are not put again, nor those of the same id that are being put. */
  delete(id: string): void {
    this.remove(id);
    for (const reservation of this.reservations) if (reservation.id === id) this.reservations.delete(reservation);
  }

  stop(): void {
    this.timer.cancel();
    this.entries.clear();
    this.reservations.clear();
    this.count = 0;
  }

  private remove(id: string): void {
    this.count -= this.entries.get(id)?.records.length ?? 0;
    this.entries.delete(id);
  }

  /** Puts again what is due now or soon, one region of keys after another. */
  private async renew({ nowMs }: BehaviorAgent): Promise<void> {
    const due = [...this.entries.values()].filter(({ dueMs, ttlMs }) => dueMs - ttlMs * EARLY_SHARE <= nowMs);
    this.isRenewing = true;
    const failed = await this.putAgain(due.flatMap(({ records }) => records));
    this.isRenewing = false;
    if (failed.size > 0) this.parts.counters.renewalsFailed++;
    // A node that has stopped puts nothing again.
    if (this.count === 0) return;
    this.parts.act((agent) => {
      for (const entry of due) {
        const share = entry.records.some((record) => failed.has(record)) ? RETRY_SHARE : RENEW_SHARE;
        entry.dueMs = agent.nowMs + entry.ttlMs * share;
      }
      let dueMs = Number.POSITIVE_INFINITY;
      for (const entry of this.entries.values()) dueMs = Math.min(dueMs, entry.dueMs);
      this.timer.at(agent, dueMs);
    });
  }

  /** Those that nobody has kept. */
  private async putAgain(all: readonly StoredRecord[]): Promise<ReadonlySet<StoredRecord>> {
    const { storing, finder } = this.parts;
    const failed = new Set<StoredRecord>();
    let keys: readonly NodeId[] = [...new Set(all.map(({ key }) => key))].sort();
    while (keys.length > 0 && this.count > 0) {
      const found = await finder.find(keys[0] as NodeId).catch(() => undefined);
      // Where the region is not known, whatever lies behind its first key gets a lookup of its own.
      const closest = found?.lookup.closest().map(({ nodeId }) => nodeId) ?? [];
      const served = new Set(found === undefined ? keys.slice(0, 1) : servedBy(keys, closest));
      for (const record of all)
        if (served.has(record.key)) {
          const put = found && storing.at(record, found.holders, { copies: 1 });
          // One that nobody keeps any more, such as one that was replaced, does not hold up the others.
          if (put === undefined || !(await put.then(isTrue, isFalse))) failed.add(record);
        }
      keys = keys.slice(served.size);
    }
    return failed;
  }
}

const isTrue = () => true;
const isFalse = () => false;
