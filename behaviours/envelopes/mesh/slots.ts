/**
 * @module Slots: who may fill the incoming queue of a mesh. Every entry has a slot of its own, so that none is starved; the others
 * are shared: entries that want more get some in turn, and return them one by one as their envelopes are consumed. Pure counting.
 *
 * Slots that are given away never exceed the capacity, or the number of entries if that is larger; but for one for each entry that joined
 * while others held all. What an entry leaves behind in the queue (an orphan) keeps its slot until it is consumed; meanwhile a full queue
 * gives a newcomer none, so that entries which come and go fill nothing.
 */

/** An entry of the mesh, as far as slots go. */
export interface SlotHolder {
  readonly held: number;
  /** Slots beside those; 1 before the first. */
  readonly wanted: number;
  widen(slots: number): void;
  /** An envelope was consumed, and so many of its slots (0 or 1) are gone. */
  consumed(narrower: number): void;
}

export class Slots {
  #used = 0;
  #orphanCount = 0;
  /** Those that want some, whose turn it is first. */
  readonly #wanting = new Set<SlotHolder>();

  constructor(readonly capacity: number) {}

  /** Held by entries, and occupied by orphans. */
  get used(): number {
    return this.#used;
  }

  join(holder: SlotHolder): SlotHolder[] {
    this.#used += holder.held;
    return this.want(holder);
  }

  /** `orphanCount`: its envelopes that stay in the queue. Returns those that got slots, as the other methods do. */
  leave(holder: SlotHolder, orphanCount: number): SlotHolder[] {
    this.#wanting.delete(holder);
    this.#used += orphanCount - holder.held;
    this.#orphanCount += orphanCount;
    return this.#share();
  }

  /** No slots are granted any more. */
  close(): void {
    this.#wanting.clear();
  }

  /** The holder may want more than before. */
  want(holder: SlotHolder): SlotHolder[] {
    if (holder.wanted > 0) this.#wanting.add(holder);
    return this.#share();
  }

  /** One of its envelopes, or an orphan, has left the queue. */
  consumed(holder: SlotHolder | undefined): SlotHolder[] {
    if (holder === undefined) {
      this.#orphanCount--;
      this.#used--;
      return this.#share();
    }
    const isLent = holder.held > 1 && (holder.wanted === 0 || this.#wanting.size > 1 || this.#used > this.capacity);
    holder.consumed(isLent ? 1 : 0);
    if (isLent) this.#used--;
    if (holder.wanted === 0) this.#wanting.delete(holder);
    const others = this.#share();
    return others.includes(holder) ? others : [holder, ...others];
  }

  #share(): SlotHolder[] {
    const served = new Set<SlotHolder>();
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const free = Math.max(1, this.capacity - this.#used);
      const slots = next.held === 0 ? 1 : Math.min(next.wanted, Math.ceil(free / this.#wanting.size));
      next.widen(slots);
      this.#used += slots;
      this.#wanting.delete(next);
      if (next.wanted > 0) this.#wanting.add(next);
      served.add(next);
    }
    return [...served];
  }

  /** Whose turn it is: first of all those without any. */
  #next(): SlotHolder | undefined {
    const isFree = this.#used < this.capacity;
    if (isFree || this.#orphanCount === 0) for (const holder of this.#wanting) if (holder.held === 0) return holder;
    return isFree ? this.#wanting.values().next().value : undefined;
  }
}
