/**
 * @module BoundedMap: a map of at most so many entries: at the bound the oldest gives way. An entry that is set again is the youngest. Every
 * operation takes constant time, also in large maps that forget all the time: the order is a list of its own, because a `Map` that is
 * emptied from its front walks over all the holes. Pure.
 */
import { NetworkError } from '../errors.js';

/** An entry as long as it is in the map. */
export interface BoundedEntry<K, V> {
  readonly key: K;
  readonly value: V;
}

interface Place<K, V> {
  readonly key: K;
  value: V;
  older: Place<K, V> | undefined;
  younger: Place<K, V> | undefined;
}

export class BoundedMap<K, V> {
  readonly #places = new Map<K, Place<K, V>>();
  #oldest: Place<K, V> | undefined;
  #youngest: Place<K, V> | undefined;

  /** `sizeMax`: 1 or more. */
  constructor(readonly sizeMax: number) {
    if (!Number.isSafeInteger(sizeMax) || sizeMax < 1)
      throw new NetworkError('ARGUMENT_INVALID', `sizeMax is ${sizeMax}; it must be a whole number of 1 or more`);
  }

  get size(): number {
    return this.#places.size;
  }

  get oldest(): BoundedEntry<K, V> | undefined {
    return this.#oldest;
  }

  has(key: K): boolean {
    return this.#places.has(key);
  }

  get(key: K): V | undefined {
    return this.#places.get(key)?.value;
  }

  /** As `get`, and the entry is the youngest from now on. */
  renew(key: K): V | undefined {
    const place = this.#places.get(key);
    if (place === undefined) return undefined;
    this.#unlink(place);
    this.#append(place);
    return place.value;
  }

  /** The entry is the youngest from now on. Returns the oldest one, if it had to give way. */
  set(key: K, value: V): BoundedEntry<K, V> | undefined {
    const known = this.#places.get(key);
    if (known !== undefined) {
      known.value = value;
      this.renew(key);
      return undefined;
    }
    const displaced = this.size >= this.sizeMax ? this.takeOldest() : undefined;
    const place: Place<K, V> = { key, value, older: undefined, younger: undefined };
    this.#places.set(key, place);
    this.#append(place);
    return displaced;
  }

  /** Removes an entry and returns its value, if there was one. */
  take(key: K): V | undefined {
    const place = this.#places.get(key);
    if (place === undefined) return undefined;
    this.#places.delete(key);
    this.#unlink(place);
    return place.value;
  }

  delete(key: K): boolean {
    const sizeBefore = this.size;
    this.take(key);
    return this.size < sizeBefore;
  }

  /** Removes the oldest entry, or, with `isDue`, the oldest one if it is due: for entries that all live equally long. */
  takeOldest(isDue?: (value: V, key: K) => boolean): BoundedEntry<K, V> | undefined {
    const oldest = this.#oldest;
    if (oldest === undefined || isDue?.(oldest.value, oldest.key) === false) return undefined;
    this.take(oldest.key);
    return oldest;
  }

  clear(): void {
    this.#places.clear();
    this.#oldest = undefined;
    this.#youngest = undefined;
  }

  /** The entries of now, oldest first. */
  entries(): readonly BoundedEntry<K, V>[] {
    const entries: BoundedEntry<K, V>[] = [];
    for (let place = this.#oldest; place !== undefined; place = place.younger) entries.push(place);
    return entries;
  }

  #append(place: Place<K, V>): void {
    place.older = this.#youngest;
    place.younger = undefined;
    if (this.#youngest === undefined) this.#oldest = place;
    else this.#youngest.younger = place;
    this.#youngest = place;
  }

  #unlink(place: Place<K, V>): void {
    const { older, younger } = place;
    if (older === undefined) this.#oldest = younger;
    else older.younger = younger;
    if (younger === undefined) this.#youngest = older;
    else younger.older = older;
  }
}
