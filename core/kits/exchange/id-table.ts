/**
 * @module IdTable: exchanges by their correlation ids. Entries come and go with every request, often all at once, so that a `Map` would grow
 * and shrink all the time; this table allocates nothing but when it grows, and gives its room back when it is empty, as it is at most times. An open
 * hash table: ids are random, and whoever chooses his own meets the bound on his requests first. Pure.
 */
import type { CorrelationId } from './messages.js';

/** Powers of two. A table that runs empty is given back when it is larger than the second one, or small enough for another one to use it. */
const SLOTS_MIN = 16;
const SLOTS_KEPT = 4_096;
/** Of a table that is empty. Nobody writes to it. */
const NO_SLOTS: undefined[] = [undefined];
/** Empty slots, for the next tables that need some. */
const SPARE_SLOTS: undefined[][] = [];
const SPARE_SLOTS_MAX = 64;

export class IdTable<T extends CorrelationId> {
  /** At most half full. An entry stands in the slot of its id, or behind it with no empty one between. */
  #slots: (T | undefined)[] = NO_SLOTS;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get({ idHigh, idLow }: CorrelationId): T | undefined {
    const mask = this.#slots.length - 1;
    for (let index = idLow & mask; ; index = (index + 1) & mask) {
      const entry = this.#slots[index];
      if (entry === undefined || (entry.idLow === idLow && entry.idHigh === idHigh)) return entry;
    }
  }

  /** Adds an entry whose id is not in the table. */
  add(entry: T): void {
    if (2 * ++this.#size > this.#slots.length) this.#grow();
    place(this.#slots, entry);
  }

  /** Removes an entry that is in the table. */
  delete(entry: T): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = entry.idLow & mask;
    while (slots[hole] !== entry) hole = (hole + 1) & mask;
    // What stands behind the hole moves up, unless it would come to stand before its own slot.
    for (let index = (hole + 1) & mask; slots[index] !== undefined; index = (index + 1) & mask) {
      const own = (slots[index] as T).idLow & mask;
      if (((index - own) & mask) < ((index - hole) & mask)) continue;
      slots[hole] = slots[index];
      hole = index;
    }
    slots[hole] = undefined;
    if (--this.#size === 0 && (slots.length === SLOTS_MIN || slots.length > SLOTS_KEPT)) this.#giveBack();
  }

  #giveBack(): void {
    if (this.#slots.length === SLOTS_MIN && SPARE_SLOTS.length < SPARE_SLOTS_MAX) SPARE_SLOTS.push(this.#slots as undefined[]);
    this.#slots = NO_SLOTS;
  }

  #grow(): void {
    const grown: (T | undefined)[] =
      this.#slots === NO_SLOTS ? (SPARE_SLOTS.pop() ?? emptySlots(SLOTS_MIN)) : emptySlots(2 * this.#slots.length);
    for (const entry of this.#slots) if (entry !== undefined) place(grown, entry);
    this.#slots = grown;
  }
}

function place<T extends CorrelationId>(slots: (T | undefined)[], entry: T): void {
  const mask = slots.length - 1;
  let index = entry.idLow & mask;
  while (slots[index] !== undefined) index = (index + 1) & mask;
  slots[index] = entry;
}

function emptySlots<T>(count: number): (T | undefined)[] {
  return new Array<T | undefined>(count).fill(undefined);
}
