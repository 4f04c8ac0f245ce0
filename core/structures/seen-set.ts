/**
 * @module SeenSet: which ids were seen lately, in two generations that take turns: a full or old one becomes the one before, whose ids
 * are forgotten together. Adding and asking cost the same however many there are. A pure structure: it knows neither clock nor timer; its
 * holder asks for `nextDueMs` and comes back with the time, so that ids are forgotten by time and not by use.
 */

/** What a seen-set forgets at the latest. At least half of each is remembered. */
export interface SeenSetBounds {
  /** Ids, 2 or more. */
  readonly countMax: number;
  readonly ageMaxMs: number;
}

export class SeenSet {
  #young = new Set<string>();
  #old = new Set<string>();
  /** When the young generation began. */
  #youngMs = Number.NEGATIVE_INFINITY;
  #completeSinceMs = Number.NEGATIVE_INFINITY;
  readonly #countMax: number;
  readonly #periodMs: number;

  constructor({ countMax, ageMaxMs }: SeenSetBounds) {
    this.#countMax = Math.floor(countMax / 2);
    this.#periodMs = ageMaxMs / 2;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** When the next ids are to be forgotten; `Infinity` when there are none. */
  get nextDueMs(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.#youngMs + this.#periodMs;
  }

  /** No id that was added later than this has been forgotten. */
  get completeSinceMs(): number {
    return this.#completeSinceMs;
  }

  has(id: string, nowMs: number): boolean {
    this.expire(nowMs);
    return this.#young.has(id) || this.#old.has(id);
  }

  /** Whether the id is new; from then on it is not. A second time does not make it younger. */
  add(id: string, nowMs: number): boolean {
    if (this.has(id, nowMs)) return false;
    if (this.size === 0) this.#youngMs = nowMs;
    if (this.#young.size >= this.#countMax) this.#turn(nowMs);
    this.#young.add(id);
    return true;
  }

  /** Forgets what is too old. */
  expire(nowMs: number): void {
    if (nowMs >= this.nextDueMs) this.#turn(this.nextDueMs);
    if (nowMs >= this.nextDueMs) this.#turn(nowMs);
  }

  /** The young generation becomes the old one, all of whose ids came before `youngMs`. */
  #turn(nowMs: number): void {
    if (this.#old.size > 0) this.#completeSinceMs = this.#youngMs;
    this.#old = this.#young;
    this.#young = new Set();
    this.#youngMs = nowMs;
  }
}
