/** @module Picked: a choice by chance. Pure. */
import type { Random } from '../../core/index.js';

/** Up to `count` of them, by chance. Takes the array over. */
export function picked<T>(items: T[], count: number, random: Random): T[] {
  const taken: T[] = [];
  while (taken.length < count && items.length > 0) {
    const index = Math.floor(random.float() * items.length);
    const [item] = items.splice(index, 1);
    taken.push(item as T);
  }
  return taken;
}
