/** @module Nearest: what somebody may have meant who wrote a name that is none. Pure. */

/** Shorter parts of names are in too many of them. */
const PART_MIN = 3;

/** The end of a sentence: `did you mean port?`, or what there is. */
export function nearest(name: string, names: readonly string[]): string {
  const candidates = names.map((known) => ({ known, edits: distance(name.toLowerCase(), known.toLowerCase()) }));
  const [best] = candidates.sort((left, right) => left.edits - right.edits);
  if (best !== undefined && best.edits <= Math.max(1, Math.floor(name.length / 3))) return `did you mean ${best.known}?`;
  return names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`;
}

/** A part of a name is nearer than anything else. */
function distance(name: string, known: string): number {
  return name.length >= PART_MIN && known.includes(name) ? 0 : editsBetween(name, known);
}

/** How many letters have to be added, left out, replaced or swapped with the next one. */
export function editsBetween(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at++) {
    const next = [at];
    for (let to = 1; to <= other.length; to++) {
      const isSame = one[at - 1] === other[to - 1];
      const isSwapped = at > 1 && to > 1 && one[at - 1] === other[to - 2] && one[at - 2] === other[to - 1];
      const replaced = (row[to - 1] as number) + (isSame ? 0 : 1);
      const swapped = isSwapped ? (before[to - 2] as number) + 1 : replaced;
      next.push(Math.min(replaced, swapped, (row[to] as number) + 1, (next[to - 1] as number) + 1));
    }
    before = row;
    row = next;
  }
  return row[other.length] as number;
}
