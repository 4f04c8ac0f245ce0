/** @module Sample: drawing without replacement. Pure. */

/** Uniform numbers in [0, 1). */
export interface UniformSource {
  float(): number;
}

/** Up to `count` of the items, drawn without replacement. Takes the array over. */
export function sample<T>(items: T[], count: number, random: UniformSource): T[] {
  const drawn: T[] = [];
  while (drawn.length < count && items.length > 0) drawn.push(takeAt(items, Math.floor(random.float() * items.length)));
  return drawn;
}

/** Takes one item out in constant time: the last one moves to its place. */
export function takeAt<T>(items: T[], index: number): T {
  const item = items[index] as T;
  const last = items.pop() as T;
  if (index < items.length) items[index] = last;
  return item;
}
