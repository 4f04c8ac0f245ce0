/**
 * @module FewSet: a set that mostly has no member, or a few: then it is a list, and an empty one holds no memory of its own. A `Set` costs 150
 * bytes before it has a member, which a node with ten thousand links pays ten thousand times. In the order of addition, like a `Set`. Pure.
 */

/** From so many members on a `Set` finds one faster. */
const FEW_MAX = 8;
const NONE: readonly never[] = Object.freeze([]);

export class FewSet<T> implements Iterable<T> {
  #few: T[] | typeof NONE = NONE;
  #many: Set<T> | undefined;

  get size(): number {
    return this.#many?.size ?? this.#few.length;
  }

  has(member: T): boolean {
    return this.#many?.has(member) ?? (this.#few as readonly T[]).includes(member);
  }

  add(member: T): this {
    if (this.#many !== undefined) this.#many.add(member);
    else if (!(this.#few as readonly T[]).includes(member)) this.#addNew(member);
    return this;
  }

  /** Whether it was a member. */
  delete(member: T): boolean {
    if (this.#many !== undefined) return this.#many.delete(member);
    const index = (this.#few as readonly T[]).indexOf(member);
    if (index < 0) return false;
    if (this.#few.length === 1) this.#few = NONE;
    else (this.#few as T[]).splice(index, 1);
    return true;
  }

  clear(): void {
    this.#few = NONE;
    this.#many = undefined;
  }

  [Symbol.iterator](): Iterator<T> {
    return (this.#many ?? (this.#few as readonly T[]))[Symbol.iterator]();
  }

  #addNew(member: T): void {
    if (this.#few.length === 0) this.#few = [member];
    else if (this.#few.length < FEW_MAX) this.#few = (this.#few as T[]).concat([member]);
    else {
      this.#many = new Set([...this.#few, member]);
      this.#few = NONE;
    }
  }
}
