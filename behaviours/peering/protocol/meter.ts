/**
 * @module Meter: how many bytes passed, and how fast. Time is cut into periods of ten seconds; the rate is that of the last
 * whole period, so that it goes to 0 by itself when nothing passes any more. Pure.
 */

/** Bytes are counted in periods of this length. */
export const METER_PERIOD_MS = 10_000;

export class Meter {
  totalBytes = 0;
  private periodIndex: number;
  private periodBytes = 0;
  private lastPeriodBytes = 0;

  constructor(private readonly startMs: number) {
    this.periodIndex = 0;
  }

  add(byteCount: number, nowMs: number): void {
    this.roll(nowMs);
    this.totalBytes += byteCount;
    this.periodBytes += byteCount;
  }

  /** In the last whole period; 0 before there was one. */
  bytesPerSecond(nowMs: number): number {
    this.roll(nowMs);
    return (this.lastPeriodBytes * 1_000) / METER_PERIOD_MS;
  }

  private roll(nowMs: number): void {
    const index = Math.floor((nowMs - this.startMs) / METER_PERIOD_MS);
    if (index <= this.periodIndex) return;
    this.lastPeriodBytes = index === this.periodIndex + 1 ? this.periodBytes : 0;
    this.periodBytes = 0;
    this.periodIndex = index;
  }
}
