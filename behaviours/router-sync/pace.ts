/**
 * @module Pace: how often news may be sent, on one connection or from one node. A few at once, because bad news must be fast; then only as many as come
 * back with time, however much happens (SECURITY row 68).
 */

/** News that may be sent at once on one connection, and in every interval from then on. */
export const NEWS_AT_ONCE = 32;
export const NEWS_PER_INTERVAL = 16;

export class Pace {
  private left: number;
  private atMs = 0;

  /** `intervalMs`: above 0. */
  constructor(
    private readonly intervalMs: number,
    private readonly atOnce = NEWS_AT_ONCE,
    private readonly perInterval = NEWS_PER_INTERVAL,
  ) {
    this.left = atOnce;
  }

  /** How many whole milliseconds news have to wait at this moment; 0: not at all. */
  waitMs(nowMs: number): number {
    this.refill(nowMs);
    return this.left >= 1 ? 0 : Math.ceil(((1 - this.left) * this.intervalMs) / this.perInterval);
  }

  /** News are sent. */
  take(nowMs: number): void {
    this.refill(nowMs);
    this.left--;
  }

  private refill(nowMs: number): void {
    const gained = ((nowMs - this.atMs) * this.perInterval) / this.intervalMs;
    this.left = Math.min(this.atOnce, this.left + gained);
    this.atMs = nowMs;
  }
}
