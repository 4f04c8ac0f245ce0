/**
 * @module SeenNumbers: which numbers of a counter have come, in whatever order, kept as a few ranges. What lies below the oldest one that is
 * kept counts as seen. Pure.
 */

/** Numbers from `first` to `last`, both included. */
export interface PacketRange {
  readonly first: number;
  readonly last: number;
}

/** Ranges that are kept. */
export const RANGES_MAX = 32;

interface Range {
  first: number;
  last: number;
}

/** Which numbers of a remote's counter have come, in bounded room. */
export class SeenNumbers {
  /** Ascending, with a gap between any two. */
  readonly #ranges: Range[] = [];

  /** The greatest number that has come; -1 before the first. */
  get newest(): number {
    return this.#ranges.at(-1)?.last ?? -1;
  }

  /** A copy, newest first. */
  get ranges(): readonly PacketRange[] {
    return this.#ranges.map(({ first, last }) => ({ first, last })).reverse();
  }

  /** Whether the number is new; from then on it is not. Most come in order: the search begins at the newest range. */
  add(number: number): boolean {
    const ranges = this.#ranges;
    let index = ranges.length - 1;
    while (index >= 0 && (ranges[index] as Range).first > number) index--;
    const below = ranges[index];
    if (below === undefined ? ranges.length >= RANGES_MAX : number <= below.last) return false;
    const above = ranges[index + 1];
    if (below?.last === number - 1) {
      below.last = number;
      if (above?.first !== number + 1) return true;
      below.last = above.last;
      ranges.splice(index + 1, 1);
    } else if (above?.first === number + 1) above.first = number;
    else ranges.splice(index + 1, 0, { first: number, last: number });
    if (ranges.length > RANGES_MAX) ranges.shift();
    return true;
  }
}
