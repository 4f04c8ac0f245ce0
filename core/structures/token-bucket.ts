/**
 * @module TokenBucket: how much of something a remote may do: `capacity` at once, and `perSecond` in the long run. Pure.
 */
export class TokenBucket {
  private tokens: number;
  private filledMs: number;

  constructor(
    private readonly capacity: number,
    private readonly perSecond: number,
    nowMs: number,
  ) {
    this.tokens = capacity;
    this.filledMs = nowMs;
  }

  /** Takes up to `count`, and answers how many it got. */
  take(count: number, nowMs: number): number {
    this.fill(nowMs);
    const taken = Math.min(count, Math.floor(this.tokens));
    this.tokens -= taken;
    return taken;
  }

  has(count: number, nowMs: number): boolean {
    this.fill(nowMs);
    return this.tokens >= count;
  }

  private fill(nowMs: number): void {
    const grown = Math.max(0, nowMs - this.filledMs) * (this.perSecond / 1_000);
    this.tokens = Math.min(this.capacity, this.tokens + grown);
    this.filledMs = Math.max(this.filledMs, nowMs);
  }
}
