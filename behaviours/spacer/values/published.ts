/**
 * @module Published: the records that this node has put, and puts again in time, region by region, until they are withdrawn. The pieces of a value are put again with
 * it. Bounded in records.
 */
import { type BehaviorAgent, NetworkError, type NodeId, WakeTimer } from '../../../core/index.js';
import type { FoundNode } from '../lookup/lookup.js';
import type { SpacerCounters } from '../options.js';
import type { Holder, StoredRecord, Storing } from './storing.js';
import { servedBy } from './sweep.js';

/** Records of this node that are put again. */
export const PUBLISHED_MAX = 16_384;
/** Put again after this share of their time, and, where that failed or still goes on, after this one more. */
const RENEW_SHARE = 0.5;
const RETRY_SHARE = 0.125;

export interface PublishedParts {
  readonly storing: Storing;
  readonly counters: SpacerCounters;
  /** Who is closest to a key. */
  find(key: NodeId): Promise<{ readonly closest: readonly FoundNode[]; readonly holders: readonly Holder[] }>;
  act<T>(work: (agent: BehaviorAgent) => T): T;
}

/** Room for records that are being put. */
export interface Reservation {
  readonly id: string;
  readonly count: number;
}

export class Published {
  private readonly reservations = new Set<Reservation>();
  private readonly entries = new Map<string, readonly StoredRecord[]>();
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
    if (used - (this.entries.get(id)?.length ?? 0) + count > PUBLISHED_MAX)
      throw new NetworkError('LIMIT_EXCEEDED', `this node has put ${used} records already, of ${PUBLISHED_MAX}`, {
        details: { maximum: PUBLISHED_MAX },
      });
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
    this.entries.set(id, records);
    this.count += records.length;
    this.timer.within(agent, Math.min(...records.map(({ ttlMs }) => ttlMs)) * RENEW_SHARE);
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
    this.count -= this.entries.get(id)?.length ?? 0;
    this.entries.delete(id);
  }

  /** Puts everything again, one region of keys after another. */
  private async renew(agent: BehaviorAgent): Promise<void> {
    const all = [...this.entries.values()].flat();
    if (all.length === 0) return;
    const shortestMs = Math.min(...all.map(({ ttlMs }) => ttlMs));
    if (this.isRenewing) return this.timer.within(agent, shortestMs * RETRY_SHARE);
    this.isRenewing = true;
    this.timer.within(agent, shortestMs * RENEW_SHARE);
    const isComplete = await this.putAgain(all).catch(() => false);
    this.isRenewing = false;
    if (isComplete) return;
    this.parts.counters.renewalsFailed++;
    // A node that has stopped puts nothing again.
    if (this.count > 0) this.parts.act((later) => this.timer.within(later, shortestMs * RETRY_SHARE));
  }

  /** False: not each was kept by somebody. */
  private async putAgain(all: readonly StoredRecord[]): Promise<boolean> {
    const { storing, find } = this.parts;
    let isComplete = true;
    let keys: readonly NodeId[] = [...new Set(all.map(({ key }) => key))].sort();
    while (keys.length > 0 && this.count > 0) {
      const found = await find(keys[0] as NodeId).catch(() => undefined);
      if (found === undefined) {
        // The region is not known: whatever lies behind its first key gets a lookup of its own.
        isComplete = false;
        keys = keys.slice(1);
        continue;
      }
      const { closest, holders } = found;
      const served = servedBy(
        keys,
        closest.map(({ nodeId }) => nodeId),
      );
      const due = new Set(served);
      for (const published of all)
        if (due.has(published.key)) {
          const put = storing.at(published, holders, { copies: 1 });
          // One that nobody keeps any more, such as one that was replaced, does not hold up the others.
          isComplete = (await put.then(isTrue, isFalse)) && isComplete;
        }
      keys = keys.slice(served.length);
    }
    return isComplete;
  }
}

const isTrue = () => true;
const isFalse = () => false;
