/**
 * @module Latency: how long answers take, for each hop that a question goes, as TCP measures it. A question that takes much longer is slow: one
 * more is asked beside it; what comes later still counts, until it is given up. An answer that comes even later teaches, too, and where nobody
 * answers any more, questions are given up later and later: nodes whose event loops are held up are slow, not gone. Pure.
 */
import { backoffBoundMs } from '../../../core/index.js';

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
/** After so many in a row without an answer between them it is twice as late, after twice as many four times. */
const MISSES = 4;
/** An answer is waited for so many times as long. */
const LATE = 2;

export class Latency {
  private meanMs = FIRST_MS;
  private deviationMs = FIRST_DEVIATION_MS;
  private isFirst = true;
  private missesInRow = 0;

  /** An answer came over so many hops. */
  add(tookMs: number, hops: number): void {
    this.missesInRow = 0;
    const perHopMs = tookMs / hops;
    const errorMs = this.isFirst ? perHopMs / 2 : Math.abs(perHopMs - this.meanMs);
    this.deviationMs = this.isFirst ? errorMs : this.deviationMs + (errorMs - this.deviationMs) * DEVIATION_WEIGHT;
    this.meanMs = this.isFirst ? perHopMs : this.meanMs + (perHopMs - this.meanMs) * MEAN_WEIGHT;
    this.isFirst = false;
  }

  /** A question was given up. */
  missed(): void {
    this.missesInRow++;
  }

  /** From then on one more question is asked. */
  slowMs(hops: number): number {
    const { slowMsMin, slowMsMax } = LATENCY_LIMITS;
    return clamp(hops * (this.meanMs + 2 * this.deviationMs) + MARGIN_MS, slowMsMin, slowMsMax);
  }

  /** From then on the node counts as silent. */
  giveUpMs(hops: number): number {
    const { giveUpMsMin, giveUpMsMax } = LATENCY_LIMITS;
    const minMs = clamp(PATIENCE * this.slowMs(hops), giveUpMsMin, giveUpMsMax);
    return backoffBoundMs(1 + Math.floor(this.missesInRow / MISSES), { minMs, maxMs: giveUpMsMax });
  }

  /** From then on an answer does not count any more. */
  lateMs(hops: number): number {
    return Math.min(LATE * this.giveUpMs(hops), LATENCY_LIMITS.giveUpMsMax);
  }
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
