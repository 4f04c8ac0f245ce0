/**
 * @module RateWindow: how often something happened within the time before: for limits of the form "so many in any minute", which a token
 * bucket, whose burst comes on top of its rate, does not keep. Pure.
 */
export class RateWindow {
  /** Oldest first; never more than the greatest `countMax`. */
  private timesMs: number[] = [];

  constructor(private readonly windowMs: number) {}

  /** Whether it may happen once more: fewer than `countMax` times lie within the window. */
  has(countMax: number, nowMs: number): boolean {
    const sinceMs = nowMs - this.windowMs;
    if ((this.timesMs[0] ?? nowMs) <= sinceMs) this.timesMs = this.timesMs.filter((timeMs) => timeMs > sinceMs);
    return this.timesMs.length < countMax;
  }

  /** Counts it, if it may happen once more. Whether it may. */
  take(countMax: number, nowMs: number): boolean {
    const isAllowed = this.has(countMax, nowMs);
    if (isAllowed) this.timesMs.push(nowMs);
    return isAllowed;
  }

  /** Whether nothing lies within the window. */
  isEmpty(nowMs: number): boolean {
    return this.has(1, nowMs);
  }
}
