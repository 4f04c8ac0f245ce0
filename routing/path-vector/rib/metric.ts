/**
 * @module What a link and a path measure, as whole numbers, and what a path costs. Latencies and costs are tenths of a millisecond,
 * losses ten-thousandths, bandwidths bytes per second; sums stop at the greatest value instead of wrapping. Unknown is never 0:
 * a bandwidth has a value of its own for it, and a latency with unknown parts carries a mark.
 */
import type { LinkMetric } from '../../../core/api/router-table.js';

/** What a cost function gets: all that is known of a path. Valid during the call only. */
export interface PathMetric {
  /** The sum of half the round trips. A link that is not measured yet counts as 100 ms. */
  readonly latencyMs: number;
  /** Whether every link of the path was measured. */
  readonly isLatencyKnown: boolean;
  /** The sum of the links' losses, at most 1. */
  readonly lossRatio: number;
  /** Bytes per second of the narrowest link among those that are known; `undefined`: none is. */
  readonly bandwidth: number | undefined;
  /** Links on the path, 1 for a neighbour. */
  readonly hopCount: number;
}

/** The cost of a path in milliseconds: finite, 0 or more, and greater with every link that is added. */
export type PathCost = (metric: PathMetric) => number;

export const LATENCY_MAX = 0xffff_fffe;
export const COST_MAX = 0xffff_fffe;
/** No cost at all: more than every cost. */
export const COST_NONE = 0xffff_ffff;
export const BANDWIDTH_UNKNOWN = 0xffff_ffff;
export const LOSS_WHOLE = 10_000;
/** Beside a loss: parts of the latency are assumed. */
export const ESTIMATED = 0x8000;

const TENTHS = 10;
/** In one direction, of a link that is not measured yet. */
const LATENCY_ASSUMED = 100 * TENTHS;
const HOP_COST = 10 * TENTHS;
/** What a slow path costs beside: 10,000 kbit/s is the line. */
const SLOW_COST = 1_000 * TENTHS;
const SLOW_BANDWIDTH = 1_250_000;

/** A new value counts when it differs from the one in use by a quarter, and by 1 ms of round trip or 2 percent of loss at least. */
const HYSTERESIS = 4;
const LATENCY_STEP = 5;
const LOSS_STEP = 200;

export function lossOf(field: number): number {
  return field & ~ESTIMATED;
}

/** Two loss fields, one behind the other. */
export function addLoss(one: number, other: number): number {
  return Math.min(lossOf(one) + lossOf(other), LOSS_WHOLE) | ((one | other) & ESTIMATED);
}

export function addLatency(one: number, other: number): number {
  return Math.min(one + other, LATENCY_MAX);
}

/** The metric of one link that routes reckon with: it follows the measurements, but not every tremor of them. */
export class LinkMeasure {
  latency = LATENCY_ASSUMED;
  /** With the mark while the round trip is unknown. */
  loss = ESTIMATED;
  bandwidth = BANDWIDTH_UNKNOWN;

  get isKnown(): boolean {
    return (this.loss & ESTIMATED) === 0;
  }

  /** Whether what routes reckon with has changed. The metric is sound (`isSoundMetric`). */
  take({ rttMs, lossRatio, bandwidth }: LinkMetric): boolean {
    const latency = rttMs === undefined ? LATENCY_ASSUMED : Math.min(Math.round((rttMs * TENTHS) / 2), LATENCY_MAX);
    const loss = Math.round((lossRatio ?? 0) * LOSS_WHOLE);
    const width = bandwidth === undefined ? BANDWIDTH_UNKNOWN : Math.min(Math.round(bandwidth), BANDWIDTH_UNKNOWN - 1);
    const mark = rttMs === undefined ? ESTIMATED : 0;
    const isSame =
      mark === (this.loss & ESTIMATED) &&
      !isApart(latency, this.latency, LATENCY_STEP) &&
      Math.abs(loss - lossOf(this.loss)) < LOSS_STEP &&
      (width === BANDWIDTH_UNKNOWN) === (this.bandwidth === BANDWIDTH_UNKNOWN) &&
      !isApart(width, this.bandwidth, 1);
    if (isSame) return false;
    this.latency = latency;
    this.loss = loss | mark;
    this.bandwidth = width;
    return true;
  }
}

function isApart(value: number, used: number, step: number): boolean {
  const distance = Math.abs(value - used);
  return distance >= step && distance * HYSTERESIS >= used;
}

/** Costs in tenths of a millisecond, by the documented formula or by a function of the user's. */
export class CostModel {
  private readonly scratch = { latencyMs: 0, isLatencyKnown: true, lossRatio: 0, bandwidth: undefined as number | undefined, hopCount: 0 };

  constructor(private readonly custom: PathCost | undefined) {}

  /** Latency, 10 ms for each hop, 1,000 ms times the loss, and 1,000 ms when the narrowest known link is slow. */
  of(latency: number, loss: number, bandwidth: number, hopCount: number): number {
    if (this.custom !== undefined) return this.ask(this.custom, latency, loss, bandwidth, hopCount);
    const slow = bandwidth < SLOW_BANDWIDTH ? SLOW_COST : 0;
    return Math.min(latency + HOP_COST * hopCount + lossOf(loss) + slow, COST_MAX);
  }

  /** The parts of the same cost, for people. */
  explain(latency: number, loss: number, bandwidth: number, hopCount: number): string {
    const half = `half RTT ${inMs(latency)}${(loss & ESTIMATED) === 0 ? '' : ' (partly assumed)'}`;
    if (this.custom !== undefined) return `by the option cost, from ${half}, loss ${lossOf(loss) / 100} %`;
    const parts = [half, `${hopCount} × ${inMs(HOP_COST)} a hop`];
    if (lossOf(loss) > 0) parts.push(`loss of ${lossOf(loss) / 100} % ${inMs(lossOf(loss))}`);
    if (bandwidth < SLOW_BANDWIDTH) parts.push(`low bandwidth ${inMs(SLOW_COST)}`);
    return parts.join(' + ');
  }

  /** What is no cost is the greatest one. */
  private ask(custom: PathCost, latency: number, loss: number, bandwidth: number, hopCount: number): number {
    const { scratch } = this;
    scratch.latencyMs = latency / TENTHS;
    scratch.isLatencyKnown = (loss & ESTIMATED) === 0;
    scratch.lossRatio = lossOf(loss) / LOSS_WHOLE;
    scratch.bandwidth = bandwidth === BANDWIDTH_UNKNOWN ? undefined : bandwidth;
    scratch.hopCount = hopCount;
    const cost = custom(scratch) * TENTHS;
    return cost >= 0 && cost < COST_MAX ? Math.round(cost) : COST_MAX;
  }
}

/** Tenths as a text for people. */
export function inMs(tenths: number): string {
  return `${tenths / TENTHS} ms`;
}
