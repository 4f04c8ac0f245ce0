/**
 * @module RoundTrip: how long a packet and its acknowledgement take, smoothed (RFC 6298), and what follows from it: when a packet that later
 * ones have overtaken counts as lost, and when silence is a reason to probe. Pure.
 */
import { type BackoffSteps, backoffBoundMs } from '../../../structures/back-off.js';
import { ACK_DELAY_MS } from './receipts.js';

/** Assumed before anything was measured. */
const INITIAL_MS = 333;
/** Packets that differ by less are not distinguished. */
const GRANULARITY_MS = 1;
/** A packet is late when it takes longer than the round trip by this factor (RFC 9002). */
const LATE_FACTOR = 9 / 8;
const PROBE_MAX_MS = 10_000;

export class RoundTrip {
  /** Smoothed; `undefined` before the first measurement. */
  smoothedMs: number | undefined;
  #variationMs = INITIAL_MS / 2;
  #latestMs = 0;

  /** One packet was acknowledged after so long. */
  measured(sampleMs: number): void {
    this.#latestMs = sampleMs;
    if (this.smoothedMs === undefined) {
      this.smoothedMs = sampleMs;
      this.#variationMs = sampleMs / 2;
      return;
    }
    this.#variationMs += (Math.abs(this.smoothedMs - sampleMs) - this.#variationMs) / 4;
    this.smoothedMs += (sampleMs - this.smoothedMs) / 8;
  }

  /** After so long a packet is lost that later ones have overtaken. */
  get lateMs(): number {
    return Math.max(this.smoothedMs ?? INITIAL_MS, this.#latestMs) * LATE_FACTOR + GRANULARITY_MS;
  }

  /** After so long without an acknowledgement something is sent again, to learn what has come; `probeCount`: how often that has happened in a row. */
  probeMs(probeCount: number): number {
    const minMs = (this.smoothedMs ?? INITIAL_MS) + Math.max(4 * this.#variationMs, GRANULARITY_MS) + ACK_DELAY_MS;
    const steps: BackoffSteps = { minMs, maxMs: Math.max(minMs, PROBE_MAX_MS) };
    return backoffBoundMs(probeCount + 1, steps);
  }
}
