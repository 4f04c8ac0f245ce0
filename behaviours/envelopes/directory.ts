/**
 * @module Directory: the entries of a mesh by number and by unique text, and those whose connections have ended, which `remove` answers
 * once more: the last `endedMax`, for one to two periods of `age`.
 */
import type { MeshEntry } from './entry.js';
import type { EnvelopeAddress } from './outcomes.js';

export class Directory {
  readonly #open = new Map<number, MeshEntry>();
  readonly #ended = new Map<number, MeshEntry>();
  /** Those that have ended in the present period. */
  readonly #young = new Set<MeshEntry>();
  /** Open ones, and ended ones whose text nobody has taken over. */
  readonly #byUniqueId = new Map<string, MeshEntry>();

  constructor(private readonly endedMax: number) {}

  get size(): number {
    return this.#open.size;
  }

  get open(): IterableIterator<MeshEntry> {
    return this.#open.values();
  }

  get endedCount(): number {
    return this.#ended.size;
  }

  add(entry: MeshEntry): void {
    this.#open.set(entry.id, entry);
    if (entry.uniqueId !== undefined) this.#byUniqueId.set(entry.uniqueId, entry);
  }

  find(address: EnvelopeAddress): MeshEntry | undefined {
    return typeof address === 'string' ? this.#byUniqueId.get(address) : (this.#open.get(address) ?? this.#ended.get(address));
  }

  /** Whether an open entry has that text. */
  isTaken(uniqueId: string): boolean {
    const entry = this.#byUniqueId.get(uniqueId);
    return entry !== undefined && this.#open.has(entry.id);
  }

  /** The entry's connection has ended; the oldest of the ended ones gives way. */
  ended(entry: MeshEntry): void {
    this.#open.delete(entry.id);
    this.#ended.set(entry.id, entry);
    this.#young.add(entry);
    for (const oldest of this.#ended.values()) {
      if (this.#ended.size <= this.endedMax) return;
      this.delete(oldest);
    }
  }

  /** A period is over: who had ended before it began is forgotten. */
  age(): void {
    for (const entry of this.#ended.values()) if (!this.#young.has(entry)) this.delete(entry);
    this.#young.clear();
  }

  delete(entry: MeshEntry): void {
    this.#young.delete(entry);
    this.#open.delete(entry.id);
    this.#ended.delete(entry.id);
    if (entry.uniqueId !== undefined && this.#byUniqueId.get(entry.uniqueId) === entry) this.#byUniqueId.delete(entry.uniqueId);
  }
}
