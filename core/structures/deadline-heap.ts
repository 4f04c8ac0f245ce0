/**
 * @module DeadlineHeap: entries by the time at which they fall due, and by their order of arrival where that is the same. The entries carry
 * their own places, so that adding and removing one allocates nothing. Pure: the caller reads `nextDueMs` and passes the time.
 */

/** What an entry brings along; the heap alone writes `heapIndex` and `heapOrder`. */
export interface Deadlined {
  /** Does not change while the entry is in the heap. */
  dueMs: number;
  /** Its place in the heap; -1 while it is in none. */
  heapIndex: number;
  heapOrder: number;
}

export class DeadlineHeap<T extends Deadlined> {
  readonly #entries: T[] = [];
  #nextOrder = 0;

  get size(): number {
    return this.#entries.length;
  }

  /** When the next entry falls due; `Infinity` when none will. */
  get nextDueMs(): number {
    return this.#entries.length === 0 ? Number.POSITIVE_INFINITY : (this.#entries[0] as T).dueMs;
  }

  /** The entry that falls due next. */
  get first(): T | undefined {
    return this.#entries[0];
  }

  /** A copy, in the order of arrival. */
  values(): T[] {
    return [...this.#entries].sort((a, b) => a.heapOrder - b.heapOrder);
  }

  /** Adds an entry that is in no heap. */
  add(entry: T): void {
    entry.heapOrder = this.#nextOrder++;
    this.#entries.push(entry);
    this.#rise(entry, this.#entries.length - 1);
  }

  /** Removes an entry. Whether it was in the heap. */
  remove(entry: T): boolean {
    const index = entry.heapIndex;
    if (index < 0) return false;
    entry.heapIndex = -1;
    const last = this.#entries.pop() as T;
    if (last === entry) return true;
    this.#sink(last, index);
    if (last.heapIndex === index) this.#rise(last, index);
    return true;
  }

  /** Removes and returns the entry that is due longest, if any is due. */
  takeDue(nowMs: number): T | undefined {
    const { first } = this;
    if (first === undefined || first.dueMs > nowMs) return undefined;
    this.remove(first);
    return first;
  }

  #rise(entry: T, from: number): void {
    const entries = this.#entries;
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = entries[parentIndex] as T;
      if (isBefore(parent, entry)) break;
      place(entries, parent, index);
      index = parentIndex;
    }
    place(entries, entry, index);
  }

  #sink(entry: T, from: number): void {
    const entries = this.#entries;
    let index = from;
    for (let childIndex = 2 * index + 1; childIndex < entries.length; childIndex = 2 * index + 1) {
      if (childIndex + 1 < entries.length && isBefore(entries[childIndex + 1] as T, entries[childIndex] as T)) childIndex++;
      const child = entries[childIndex] as T;
      if (isBefore(entry, child)) break;
      place(entries, child, index);
      index = childIndex;
    }
    place(entries, entry, index);
  }
}

function place<T extends Deadlined>(entries: T[], entry: T, index: number): void {
  entries[index] = entry;
  entry.heapIndex = index;
}

function isBefore(a: Deadlined, b: Deadlined): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.heapOrder < b.heapOrder);
}
