/**
 * @module Directory: the entries of a mesh by number and by unique text, and those whose connections have ended, which `remove` returns once
 * more: the last `endedMax`, for one to two periods of `age`.
 */
import { BoundedMap } from '../../../core/structures/bounded-map.js';
import type { MeshEntry } from './entry.js';
import type { EnvelopeAddress } from './outcomes.js';

export class Directory {
  readonly #open = new Map<number, MeshEntry>();
  /** With the period in which they have ended. */
  readonly #ended: BoundedMap<number, { readonly entry: MeshEntry; readonly period: number }>;
  /** Open ones, and ended ones whose text no other has taken over. */
  readonly #byUniqueId = new Map<string, MeshEntry>();
  #period = 0;

  constructor(endedMax: number) {
    this.#ended = new BoundedMap(endedMax);
  }

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
    return typeof address === 'string' ? this.#byUniqueId.get(address) : (this.#open.get(address) ?? this.#ended.get(address)?.entry);
  }

  /** Whether an open entry has that text. */
  isTaken(uniqueId: string): boolean {
    const entry = this.#byUniqueId.get(uniqueId);
    return entry !== undefined && this.#open.has(entry.id);
  }

  /** The entry's connection has ended; the oldest of the ended ones gives way. */
  ended(entry: MeshEntry): void {
    this.#open.delete(entry.id);
    const displaced = this.#ended.set(entry.id, { entry, period: this.#period });
    if (displaced !== undefined) this.#release(displaced.value.entry);
  }

  /** A period is over: entries that had ended before it began are forgotten. */
  age(): void {
    const isOld = ({ period }: { readonly period: number }) => period < this.#period;
    for (let old = this.#ended.takeOldest(isOld); old !== undefined; old = this.#ended.takeOldest(isOld)) this.#release(old.value.entry);
    this.#period++;
  }

  delete(entry: MeshEntry): void {
    this.#open.delete(entry.id);
    this.#ended.delete(entry.id);
    this.#release(entry);
  }

  /** Its text is free. */
  #release({ uniqueId, id }: MeshEntry): void {
    if (uniqueId !== undefined && this.#byUniqueId.get(uniqueId)?.id === id) this.#byUniqueId.delete(uniqueId);
  }
}
