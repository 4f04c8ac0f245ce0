/**
 * @module Pace: how often news may be sent on one connection. A few at once, because bad news must be fast; then only as many as come
 * back with time, however much happens (SECURITY row 68).
 */

/** News that may be sent at once, and in every interval from then on. */
export const NEWS_AT_ONCE = 32;
export const NEWS_PER_INTERVAL = 16;

export class Pace {
  private left = NEWS_AT_ONCE;
  private atMs = 0;

  constructor(private readonly intervalMs: number) {}

  /** How many whole milliseconds news have to wait at this moment; 0: not at all. */
  waitMs(nowMs: number): number {
    this.refill(nowMs);
    return this.left >= 1 ? 0 : Math.ceil(((1 - this.left) * this.intervalMs) / NEWS_PER_INTERVAL);
  }

  /** News are sent. */
  take(nowMs: number): void {
    this.refill(nowMs);
    this.left--;
  }

  private refill(nowMs: number): void {
    const gained = ((nowMs - this.atMs) * NEWS_PER_INTERVAL) / this.intervalMs;
    this.left = Math.min(NEWS_AT_ONCE, this.left + gained);
    this.atMs = nowMs;
  }
}
