/**
 * @module Facts: what is known of a node at one moment, as a flat map: every fact has a key and a short list of scalars, so that two moments
 * are compared, and the difference is sent, without a rule for each kind of fact. Pure.
 *
 *   node               label, state, addresses joined by spaces
 *   link:<id>          node id, direction, remote address, round trip in ms, loss, bytes sent, bytes received (-1: not measured)
 *   behavior:<id>      name
 *   queue:<name>       messages, bytes, fill 0 to 1: all queues of one name together; the fill is that of the fullest
 *   metric:<name>      value; of a histogram count and sum
 *   event:<number>     kind, text, monotonic time
 *   table:<name>       number of rows, titles of columns
 *   row:<name>:<index> name, values: as many as the table has columns
 */
export type Scalar = string | number | boolean;
export type Fact = readonly Scalar[];
export type Facts = ReadonlyMap<string, Fact>;

export const FACTS_MAX = 2_048;
export const KEY_LENGTH_MAX = 96;
export const TEXT_LENGTH_MAX = 256;
export const SCALARS_MAX = 8;

export interface Difference {
  readonly changed: Facts;
  readonly removed: readonly string[];
}

export function differenceOf(before: Facts, after: Facts): Difference {
  const changed = new Map<string, Fact>();
  for (const [key, fact] of after) if (!isSame(before.get(key), fact)) changed.set(key, fact);
  return { changed, removed: [...before.keys()].filter((key) => !after.has(key)) };
}

/** What is known after a difference. At `FACTS_MAX` further facts are left out. */
export function withDifference(before: Facts, { changed, removed }: Difference): Facts {
  const after = new Map(before);
  for (const key of removed) after.delete(key);
  for (const [key, fact] of changed) if (after.has(key) || after.size < FACTS_MAX) after.set(key, fact);
  return after;
}

function isSame(one: Fact | undefined, other: Fact): boolean {
  return one !== undefined && one.length === other.length && one.every((scalar, index) => scalar === other[index]);
}
