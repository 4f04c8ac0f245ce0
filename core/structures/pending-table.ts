/**
 * @module Pending: everything that is outstanding. Each entry has an id, a deadline and, optionally, an owner whose end
 * releases it; each is settled exactly once, by the first caller that takes it. Pure: it has neither clock nor timer; the caller reads
 * `nextDueMs` and passes the time.
 */

import { type Deadlined, DeadlineHeap } from './deadline-heap.js';
import { FewSet } from './few-set.js';

/** The id that says "no room". */
export const PENDING_FULL = -1;

interface Entry<T> extends Deadlined {
  readonly id: number;
  readonly value: T;
  readonly owner: object | undefined;
}

export class PendingTable<T> {
  readonly #entries = new Map<number, Entry<T>>();
  readonly #owned = new Map<object, FewSet<number>>();
  readonly #heap = new DeadlineHeap<Entry<T>>();
  #nextId = 1;

  constructor(readonly sizeMax: number) {}

  get size(): number {
    return this.#entries.size;
  }

  /** When the next entry falls due; `Infinity` when none will. */
  get nextDueMs(): number {
    return this.#heap.nextDueMs;
  }

  /** Adds an entry and returns its id, which is never used again, or `PENDING_FULL`. */
  add(value: T, dueMs: number, owner?: object): number {
    if (this.#entries.size >= this.sizeMax) return PENDING_FULL;
    const id = this.#nextId++;
    const entry = { id, value, owner, dueMs, heapIndex: -1, heapOrder: 0 };
    this.#entries.set(id, entry);
    if (owner !== undefined) this.#ownedBy(owner).add(id);
    if (dueMs !== Number.POSITIVE_INFINITY) this.#heap.add(entry);
    return id;
  }

  /** The id that was given out last, 0 before. */
  get lastId(): number {
    return this.#nextId - 1;
  }

  get(id: number): T | undefined {
    return this.#entries.get(id)?.value;
  }

  /** Settles the entry: from now on it is the caller's alone. */
  take(id: number): T | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    this.#entries.delete(id);
    this.#heap.remove(entry);
    if (entry.owner !== undefined) this.#disown(entry.owner, id);
    return entry.value;
  }

  /** Settles everything of an owner that has ended, in order of age. */
  takeOwned(owner: object): T[] {
    const ids = [...(this.#owned.get(owner) ?? [])];
    return ids.map((id) => this.take(id)).filter((value) => value !== undefined);
  }

  /** Settles the one that is due longest, if any is due. `lastId`: one that was added later waits. */
  takeDue(nowMs: number, lastId = Number.POSITIVE_INFINITY): { readonly id: number; readonly value: T } | undefined {
    const due = this.#heap.first;
    if (due === undefined || due.dueMs > nowMs || due.id > lastId) return undefined;
    this.take(due.id);
    return due;
  }

  values(): IterableIterator<T> {
    return [...this.#entries.values()].map((entry) => entry.value).values();
  }

  #ownedBy(owner: object): FewSet<number> {
    const ids = this.#owned.get(owner) ?? new FewSet<number>();
    this.#owned.set(owner, ids);
    return ids;
  }

  #disown(owner: object, id: number): void {
    const ids = this.#owned.get(owner);
    ids?.delete(id);
    if (ids?.size === 0) this.#owned.delete(owner);
  }
}
