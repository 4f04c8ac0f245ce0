/**
 * @module Pending: everything that is outstanding. Each entry has an id, a deadline and, where somebody would miss it, an owner whose
 * end releases it; each is settled exactly once, by whoever takes it first. A pure structure: it knows neither clock nor timer; its
 * holder asks for `nextDueMs` and comes back with the time.
 */

/** The id that says "no room". */
export const PENDING_FULL = -1;

interface Entry<T> {
  readonly value: T;
  readonly owner: object | undefined;
  readonly dueMs: number;
}

interface Due {
  readonly dueMs: number;
  readonly id: number;
}

export class PendingTable<T> {
  readonly #entries = new Map<number, Entry<T>>();
  readonly #owned = new Map<object, Set<number>>();
  /** A binary heap by due time, then id. Entries taken early stay until they surface or outnumber the live ones. */
  #heap: Due[] = [];
  #nextId = 1;

  constructor(readonly sizeMax: number) {}

  get size(): number {
    return this.#entries.size;
  }

  /** When the next entry falls due; `Infinity` when none will. */
  get nextDueMs(): number {
    this.#dropStale();
    return this.#heap[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** Adds an entry and answers its id, which is never used again, or `PENDING_FULL`. */
  add(value: T, dueMs: number, owner?: object): number {
    if (this.#entries.size >= this.sizeMax) return PENDING_FULL;
    const id = this.#nextId++;
    this.#entries.set(id, { value, owner, dueMs });
    if (owner !== undefined) this.#ownedBy(owner).add(id);
    if (dueMs !== Number.POSITIVE_INFINITY) this.#push({ dueMs, id });
    return id;
  }

  /** The id that was given out last, 0 before. */
  get lastId(): number {
    return this.#nextId - 1;
  }

  get(id: number): T | undefined {
    return this.#entries.get(id)?.value;
  }

  /** Settles the entry: the caller has it now, nobody else will. */
  take(id: number): T | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    this.#entries.delete(id);
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
    if (this.nextDueMs > nowMs || (this.#heap[0] as Due).id > lastId) return undefined;
    const { id } = this.#pop();
    const value = this.take(id) as T;
    return { id, value };
  }

  values(): IterableIterator<T> {
    return [...this.#entries.values()].map((entry) => entry.value).values();
  }

  #ownedBy(owner: object): Set<number> {
    const ids = this.#owned.get(owner) ?? new Set<number>();
    this.#owned.set(owner, ids);
    return ids;
  }

  #disown(owner: object, id: number): void {
    const ids = this.#owned.get(owner);
    ids?.delete(id);
    if (ids?.size === 0) this.#owned.delete(owner);
  }

  #dropStale(): void {
    if (this.#heap.length > 64 && this.#heap.length > 2 * this.#entries.size) this.#rebuild();
    while (this.#heap.length > 0 && !this.#entries.has((this.#heap[0] as Due).id)) this.#pop();
  }

  #rebuild(): void {
    this.#heap = this.#heap.filter((due) => this.#entries.has(due.id)).sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(due);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (isBefore(heap[parent] as Due, due)) break;
      heap[index] = heap[parent] as Due;
      index = parent;
    }
    heap[index] = due;
  }

  #pop(): Due {
    const heap = this.#heap;
    const top = heap[0] as Due;
    const last = heap.pop() as Due;
    if (heap.length > 0) this.#sink(last);
    return top;
  }

  #sink(due: Due): void {
    const heap = this.#heap;
    let index = 0;
    for (let child = 1; child < heap.length; child = 2 * index + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Due, heap[child] as Due)) child++;
      if (isBefore(due, heap[child] as Due)) break;
      heap[index] = heap[child] as Due;
      index = child;
    }
    heap[index] = due;
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.id < b.id);
}
