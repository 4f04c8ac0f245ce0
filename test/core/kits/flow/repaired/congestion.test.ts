/** @module What a path takes for a queue and for too much loss: paths that vary, reorder and lose by themselves are still used well. */
import { expect } from 'chai';
import { CongestionWindow } from '../../../../../core/kits/flow/repaired/congestion-window.js';
import { LossShare } from '../../../../../core/kits/flow/repaired/loss-share.js';
import { Reordering } from '../../../../../core/kits/flow/repaired/reordering.js';
import { RoundTrip } from '../../../../../core/kits/flow/repaired/round-trip.js';
import { GOOD, World } from './world.js';

/** A round in which so many packets arrive and so many are lost. */
function roundOf(share: LossShare, arrivedCount: number, lostCount: number): boolean {
  for (let count = 0; count < arrivedCount; count++) share.arrived(1_200);
  for (let count = 0; count < lostCount; count++) share.lost(1_200);
  return share.roundEnded();
}

const quantile = (values: readonly number[], part: number) =>
  [...values].sort((a, b) => a - b)[Math.floor(part * (values.length - 1))] as number;

describe('reordering of a path (row 38)', () => {
  const roundTrip = new RoundTrip();
  roundTrip.measured(80);

  it('begins with three packets, and a round trip and an eighth', () => {
    const reordering = new Reordering();
    expect([reordering.isOvertaken(2), reordering.isOvertaken(3), reordering.lateMs(roundTrip)]).to.deep.equal([false, true, 91]);
  });

  it('is as far and as long as it was seen, up to 256 packets and two round trips, and fades', () => {
    const reordering = new Reordering();
    reordering.wronglyLost(7, 120, roundTrip);
    expect([reordering.isOvertaken(7), reordering.isOvertaken(8), reordering.lateMs(roundTrip)]).to.deep.equal([false, true, 120]);
    reordering.wronglyLost(5_000, 5_000, roundTrip);
    expect([reordering.isOvertaken(255), reordering.isOvertaken(256), reordering.lateMs(roundTrip)]).to.deep.equal([false, true, 171]);
    for (let round = 0; round < 300; round++) reordering.roundEnded();
    expect([reordering.isOvertaken(2), reordering.isOvertaken(3), Math.round(reordering.lateMs(roundTrip))]).to.deep.equal([
      false,
      true,
      91,
    ]);
  });
});

describe('loss of a path (row 37)', () => {
  it('is too much from an eighth of 48 packets on, in whole rounds', () => {
    expect(roundOf(new LossShare(), 42, 6)).to.equal(false);
    expect(roundOf(new LossShare(), 41, 7)).to.equal(true);
    const share = new LossShare();
    expect([roundOf(share, 37, 10), roundOf(share, 1, 0)]).to.deep.equal([false, true]);
  });

  it('is judged again only when what was sent since is accounted for', () => {
    const share = new LossShare();
    expect([roundOf(share, 30, 30), roundOf(share, 30, 30), roundOf(share, 30, 30)]).to.deep.equal([true, false, true]);
  });

  it("is the path's own when less arrives through a smaller window and as much is lost; a path whose rate stays the same has too large a window", () => {
    const [own, narrow] = [new LossShare(), new LossShare()];
    expect([roundOf(own, 80, 20), roundOf(own, 56, 14), roundOf(own, 56, 14), roundOf(own, 64, 16)]).to.deep.equal([
      true,
      false,
      false,
      false,
    ]);
    expect([roundOf(own, 70, 30), roundOf(own, 60, 40)]).to.deep.equal([false, true]);
    expect([roundOf(narrow, 80, 20), roundOf(narrow, 76, 14), roundOf(narrow, 76, 14)]).to.deep.equal([true, false, true]);
  });

  it('that was none after all is taken back, with what the window has lost by it', () => {
    const window = new CongestionWindow();
    for (let count = 0; count < 41; count++) window.acknowledged(1_200, 40, count, true);
    for (let count = 0; count < 7; count++) window.lost(1_200);
    const { bytes } = window;
    window.roundEnded(50);
    expect(window.bytes / bytes).to.be.closeTo(0.7, 0.001);
    window.found(1_200);
    expect(window.bytes).to.equal(bytes);
  });
});

describe('noise of a path (row 38)', () => {
  it('is no queue: 50 ms of jitter each way leave three quarters of the bandwidth, whatever they reorder', () => {
    for (const [latencyMs, bandwidth] of [
      [10, 125],
      [40, 125],
      [40, 500],
    ] as const) {
      const world = new World(1, { ...GOOD, latencyMs, bandwidth, jitterMs: 50 });
      const count = bandwidth * 24;
      world.push(count);
      world.run(3_600_000);
      expect((count * 1_280) / bandwidth / world.nowMs, `${bandwidth} kB/s after ${latencyMs} ms`).to.be.above(0.75);
      expect(world.packetCount / count).to.be.below(1.05);
    }
  });

  it('is forgotten when it ends: the queue is a short one again within 50 s', () => {
    const world = new World(1, { ...GOOD, latencyMs: 10, bandwidth: 125, jitterMs: 50 });
    world.push(20_000);
    world.run(40_000);
    world.channel = { ...world.channel, jitterMs: 0 };
    world.run(90_000);
    const before = world.queueMs.length;
    world.run(120_000);
    expect(quantile(world.queueMs.slice(before), 0.99)).to.be.below(30);
  });
});
