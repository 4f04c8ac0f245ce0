/** @module What links and paths measure, and what they cost: the formula, the bounds of the numbers, and hysteresis. */
import { expect } from 'chai';
import type { LinkMetric } from '../../../core/api/router-table.js';
import {
  addLatency,
  addLoss,
  BANDWIDTH_UNKNOWN,
  COST_MAX,
  CostModel,
  ESTIMATED,
  LATENCY_MAX,
  LinkMeasure,
  type PathMetric,
} from '../../../routing/path-vector/rib/metric.js';

const metric = (rttMs: number | undefined, lossRatio?: number, bandwidth?: number): LinkMetric => ({ rttMs, lossRatio, bandwidth });

function measuredBy(...metrics: readonly LinkMetric[]): LinkMeasure {
  const measure = new LinkMeasure();
  for (const each of metrics) measure.take(each);
  return measure;
}

describe('path-vector metric', () => {
  const costs = new CostModel(undefined);

  it('ATM-50: a path costs its latency, 10 ms for each hop, and 1,000 ms times its loss', () => {
    expect(costs.of(0, 0, BANDWIDTH_UNKNOWN, 1)).equal(100);
    expect(costs.of(250, 0, BANDWIDTH_UNKNOWN, 3)).equal(250 + 300);
    expect(costs.of(250, 500, BANDWIDTH_UNKNOWN, 3)).equal(250 + 300 + 500);
    expect(costs.of(250, 500 | ESTIMATED, BANDWIDTH_UNKNOWN, 3)).equal(250 + 300 + 500);
  });

  it('ATM-50: a link of less than 10,000 kbit/s costs 1,000 ms more; exactly that much does not', () => {
    expect(costs.of(0, 0, 1_249_999, 1)).equal(100 + 10_000);
    expect(costs.of(0, 0, 1_250_000, 1)).equal(100);
  });

  it('H-28: an unknown bandwidth is not slow, and a bandwidth of 0 is', () => {
    expect(measuredBy(metric(20)).bandwidth).equal(BANDWIDTH_UNKNOWN);
    expect(costs.of(0, 0, measuredBy(metric(20)).bandwidth, 1)).equal(100);
    expect(costs.of(0, 0, measuredBy(metric(20, 0, 0)).bandwidth, 1)).equal(100 + 10_000);
  });

  it('H-28: an unknown round trip is not 0: it counts as 100 ms one way, and is marked', () => {
    expect(new LinkMeasure()).include({ latency: 1_000, loss: ESTIMATED, isKnown: false });
    expect(measuredBy(metric(0))).include({ latency: 0, loss: 0, isKnown: true });
    expect(measuredBy(metric(20), metric(undefined))).include({ latency: 1_000, isKnown: false });
  });

  it('takes half of the round trip, in tenths of a millisecond', () => {
    expect(measuredBy(metric(20)).latency).equal(100);
    expect(measuredBy(metric(0.2)).latency).equal(1);
    expect(measuredBy(metric(0.09)).latency).equal(0);
  });

  it('row 61, H-28: sums stop at the greatest value instead of wrapping', () => {
    expect(addLatency(LATENCY_MAX, 1)).equal(LATENCY_MAX);
    expect(addLatency(LATENCY_MAX - 1, 1)).equal(LATENCY_MAX);
    expect(addLatency(1, 2)).equal(3);
    expect(addLoss(6_000, 5_000)).equal(10_000);
    expect(addLoss(6_000 | ESTIMATED, 1)).equal(6_001 | ESTIMATED);
    expect(measuredBy(metric(Number.MAX_VALUE, 1, Number.MAX_VALUE))).include({ latency: LATENCY_MAX, bandwidth: BANDWIDTH_UNKNOWN - 1 });
    expect(costs.of(LATENCY_MAX, 10_000, 0, 255)).equal(COST_MAX);
  });

  it('keeps the round trip in use until another one differs by a quarter', () => {
    for (const [rttMs, isNew] of [
      [124, false],
      [125, true],
      [76, false],
      [75, true],
    ] as const) {
      const measure = measuredBy(metric(100, 0));
      expect(measure.take(metric(rttMs, 0)), `${rttMs}`).equal(isNew);
      expect(measure.latency).equal(isNew ? rttMs * 5 : 500);
    }
  });

  it('compares with the value in use, so that a slow drift is followed in the end', () => {
    const measure = measuredBy(metric(100));
    expect([105, 110, 115, 124].map((rttMs) => measure.take(metric(rttMs)))).eql([false, false, false, false]);
    expect(measure.take(metric(126))).equal(true);
  });

  it('takes no notice of less than 1 ms of round trip, whatever share that is', () => {
    expect(measuredBy(metric(0.2)).take(metric(1))).equal(false);
    expect(measuredBy(metric(0.2)).take(metric(1.2))).equal(true);
  });

  it('takes a loss that differs by 2 percent, and a bandwidth that differs by a quarter', () => {
    expect(measuredBy(metric(20, 0.1)).take(metric(20, 0.1199))).equal(false);
    expect(measuredBy(metric(20, 0.1)).take(metric(20, 0.12))).equal(true);
    expect(measuredBy(metric(20, 0, 1_000)).take(metric(20, 0, 1_249))).equal(false);
    expect(measuredBy(metric(20, 0, 1_000)).take(metric(20, 0, 1_250))).equal(true);
    expect(measuredBy(metric(20, 0, 1_000)).take(metric(20, 0))).equal(true);
  });

  it('asks a cost function of the user with the whole metric, unknown as undefined', () => {
    const seen: PathMetric[] = [];
    const custom = new CostModel((path) => {
      seen.push({ ...path });
      return 12.34;
    });
    expect(custom.of(255, 125, 5_000, 2)).equal(123);
    custom.of(255, ESTIMATED, BANDWIDTH_UNKNOWN, 1);
    expect(seen).eql([
      { latencyMs: 25.5, isLatencyKnown: true, lossRatio: 0.0125, bandwidth: 5_000, hopCount: 2 },
      { latencyMs: 25.5, isLatencyKnown: false, lossRatio: 0, bandwidth: undefined, hopCount: 1 },
    ]);
  });

  it('row 61: takes what is no cost for the greatest one', () => {
    for (const cost of [Number.NaN, -1, Number.POSITIVE_INFINITY, 1e300])
      expect(new CostModel(() => cost).of(0, 0, 0, 1), `${cost}`).equal(COST_MAX);
    expect(new CostModel(() => 0).of(0, 0, 0, 1)).equal(0);
  });
});
