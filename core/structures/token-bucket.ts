/**
 * @module TokenBucket: the one rate limiter. Pure: time is an argument, and one that goes back gives nothing.
 */

/** How much of something may be done: `capacity` at once, and `perSecond` in the long run. */
export class TokenBucket {
  private tokens: number;
  private filledMs: number;

  /** `perSecond`: above 0. Full at `nowMs`. */
  constructor(
    readonly capacity: number,
    readonly perSecond: number,
    nowMs: number,
  ) {
    this.tokens = capacity;
    this.filledMs = nowMs;
  }

  /** Takes up to `count`, and returns how many it got. */
  take(count: number, nowMs: number): number {
    this.fill(nowMs);
    const taken = Math.max(0, Math.min(count, Math.floor(this.tokens)));
    this.tokens -= taken;
    return taken;
  }

  /** Takes all of `count` or nothing. Whether it got them. */
  takeAll(count: number, nowMs: number): boolean {
    const isAllowed = this.has(count, nowMs);
    if (isAllowed) this.tokens -= count;
    return isAllowed;
  }

  /** Takes `count`, also where there are fewer: what is owed is filled up first. For what cannot be refused, but slows down what follows. */
  charge(count: number, nowMs: number): void {
    this.fill(nowMs);
    this.tokens -= count;
  }

  has(count: number, nowMs: number): boolean {
    this.fill(nowMs);
    return this.tokens >= count;
  }

  /** In how many whole ms there will be `count`, if none are taken until then; `Infinity` for more than the capacity. */
  waitMs(count: number, nowMs: number): number {
    if (this.has(count, nowMs)) return 0;
    return count > this.capacity ? Number.POSITIVE_INFINITY : Math.ceil(((count - this.tokens) * 1_000) / this.perSecond);
  }

  private fill(nowMs: number): void {
    const grown = Math.max(0, nowMs - this.filledMs) * (this.perSecond / 1_000);
    this.tokens = Math.min(this.capacity, this.tokens + grown);
    this.filledMs = Math.max(this.filledMs, nowMs);
  }
}
