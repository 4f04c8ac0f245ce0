/**
 * @module DenseSet: a set of things that come and go all the time, each of which knows its own place in it. A `Set` that turns its members over makes a
 * new table again and again, and the old one refers to it: once one of them has grown old, everything that was ever added lives until the next full garbage
 * collection, and what takes microseconds takes ten times as long. In no order. Pure.
 */

/** A member of one set at a time. `place` is the set's: -1 outside of it. */
export interface Placed {
  place: number;
}

export class DenseSet<T extends Placed> implements Iterable<T> {
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  /** One that is in no set yet. */
  add(member: T): void {
    member.place = this.#members.push(member) - 1;
  }

  /** Whether it was a member. */
  delete(member: T): boolean {
    const { place } = member;
    if (place < 0) return false;
    const last = this.#members.pop() as T;
    if (last !== member) {
      this.#members[place] = last;
      last.place = place;
    }
    member.place = -1;
    return true;
  }

  /** Those of now. */
  [Symbol.iterator](): Iterator<T> {
    return [...this.#members].values();
  }
}
