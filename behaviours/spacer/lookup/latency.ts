/**
 * @module Latency: how long answers take, for each hop that a question goes, as TCP measures it. A question that takes much longer is slow: one
 * more is asked beside it; what comes later still counts, until it is given up. Pure.
 */

/** Before anything was measured. */
const FIRST_MS = 250;
const FIRST_DEVIATION_MS = 125;
const MEAN_WEIGHT = 1 / 8;
const DEVIATION_WEIGHT = 1 / 4;
/** Beside what was measured: the turns of event loops. */
const MARGIN_MS = 40;

export const LATENCY_LIMITS = { slowMsMin: 60, slowMsMax: 3_000, giveUpMsMin: 1_000, giveUpMsMax: 6_000 } as const;

/** A question that is slow is given up after so many times as long. */
const PATIENCE = 3;

export class Latency {
  private meanMs = FIRST_MS;
  private deviationMs = FIRST_DEVIATION_MS;
  private isFirst = true;

  /** An answer came over so many hops. */
  add(tookMs: number, hops: number): void {
    const perHopMs = tookMs / hops;
    const errorMs = this.isFirst ? perHopMs / 2 : Math.abs(perHopMs - this.meanMs);
    this.deviationMs = this.isFirst ? errorMs : this.deviationMs + (errorMs - this.deviationMs) * DEVIATION_WEIGHT;
    this.meanMs = this.isFirst ? perHopMs : this.meanMs + (perHopMs - this.meanMs) * MEAN_WEIGHT;
    this.isFirst = false;
  }

  /** From then on one more question is asked. */
  slowMs(hops: number): number {
    const { slowMsMin, slowMsMax } = LATENCY_LIMITS;
    return clamp(hops * (this.meanMs + 2 * this.deviationMs) + MARGIN_MS, slowMsMin, slowMsMax);
  }

  /** From then on nobody waits for the answer. */
  giveUpMs(hops: number): number {
    const { giveUpMsMin, giveUpMsMax } = LATENCY_LIMITS;
    return clamp(PATIENCE * this.slowMs(hops), giveUpMsMin, giveUpMsMax);
  }
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
