/** @module What a path takes for a queue and for too much loss: paths that vary, reorder and lose by themselves are still used well. */
import { expect } from 'chai';
import { CongestionWindow } from '../../../../../core/kits/flow/repaired/congestion-window.js';
import { DeliveryRate } from '../../../../../core/kits/flow/repaired/delivery-rate.js';
import { LossShare } from '../../../../../core/kits/flow/repaired/loss-share.js';
import { PathNoise } from '../../../../../core/kits/flow/repaired/path-noise.js';
import { Reordering } from '../../../../../core/kits/flow/repaired/reordering.js';
import { RoundTrip } from '../../../../../core/kits/flow/repaired/round-trip.js';
import { SharedHop } from './shared-hop.js';
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
    window.roundEnded(50, 50);
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

  it('is what scatters while next to nothing is in transit, and twice the scatter at most; round trips that are all as long are the queue of others', () => {
    const learned = (samples: readonly number[], isLeast = true) => {
      const noise = new PathNoise();
      noise.roundEnded(isLeast, 0, 0);
      for (const sampleMs of samples) noise.measured(sampleMs, 1);
      return [noise.roundEnded(true, 50, 1), noise.ms];
    };
    expect([learned([60, 100]), learned([60, 70])]).to.deep.equal([
      [true, 50],
      [true, 20],
    ]);
    expect([learned([90, 90]), learned([]), learned([60, 100], false)]).to.deep.equal(Array(3).fill([false, 0]));
  });

  it('fades by half in 10 s', () => {
    const noise = new PathNoise();
    noise.roundEnded(true, 0, 0);
    for (const sampleMs of [60, 100]) noise.measured(sampleMs, 1);
    noise.roundEnded(true, 50, 1);
    const faded = [10_001, 10_002, 20_002, 20_003].map((nowMs) => {
      noise.measured(80, nowMs);
      return noise.ms;
    });
    expect(faded).to.deep.equal([50, 25, 25, 12.5]);
  });
});

describe('paths that share a hop (row 38)', () => {
  for (const [latencyMs, bandwidth] of [
    [20, 1_000],
    [40, 250],
    [40, 1_000],
  ] as const)
    it(`keep its queue short, whichever began first, at ${bandwidth} kB/s after ${latencyMs} ms`, () => {
      for (const startsMs of [
        [0, 2_000],
        [0, 5_000],
        [0, 7_000],
        [0, 2_000, 4_000],
      ]) {
        const hop = new SharedHop({ latencyMs, bandwidth }, startsMs);
        hop.run(20_000);
        const before = hop.queueMs.length;
        hop.run(60_000);
        expect(quantile(hop.queueMs.slice(before), 0.5), `begun at ${startsMs} ms`).to.be.below(50);
        expect(((hop.queueMs.length - before) * 1_280) / bandwidth / 40_000, 'used').to.be.above(0.95);
      }
    });
});

describe('delivery rate of a path (row 38)', () => {
  /** Rounds of 10 ms in which a packet comes every millisecond; what is sent comes 10 ms later. */
  const steady = () => {
    const delivery = new DeliveryRate();
    for (let nowMs = 1; nowMs <= 100; nowMs++) {
      delivery.acknowledged(1_000, nowMs);
      if (nowMs % 10 === 0) delivery.roundEnded(nowMs - 10, nowMs, true);
    }
    return delivery;
  };

  it('is what came in a round; one packet at once is all that comes beyond it', () => {
    expect([steady().bytesFor(0), steady().bytesFor(20)]).to.deep.equal([1_000, 21_000]);
  });

  it('does not grow by acknowledgements that were held up, which are a burst, of 100 ms at most', () => {
    for (const [heldMs, burst] of [
      [50, 50_000],
      [400, 100_000],
    ] as const) {
      const delivery = steady();
      const nowMs = 100 + heldMs;
      delivery.acknowledged(1_000, nowMs);
      delivery.roundEnded(100, nowMs, true);
      for (let count = 2; count <= heldMs; count++) delivery.acknowledged(1_000, nowMs);
      delivery.acknowledged(1_000, nowMs + 1);
      delivery.roundEnded(nowMs, nowMs + 1, true);
      expect(delivery.bytesFor(20) - 20_000, `held up for ${heldMs} ms`).to.be.closeTo(burst, 1_100);
    }
  });

  it('has no bursts while the window is still looked for, or while more passes than ever before', () => {
    const delivery = steady();
    for (const [rounds, isSteady] of [
      [1, true],
      [2, false],
    ] as const) {
      for (let count = 0; count < 20 * rounds; count++) delivery.acknowledged(1_000, 100 + 10 * rounds);
      delivery.roundEnded(90 + 10 * rounds, 100 + 10 * rounds, isSteady);
      expect(delivery.bytesFor(10) - delivery.bytesFor(0)).to.be.closeTo(20_000 * rounds, 1);
      expect(delivery.bytesFor(0)).to.equal(1_000);
    }
  });

  it('is forgotten after two seconds, and doubted as far as the window is', () => {
    const delivery = steady();
    delivery.doubt(0.5);
    expect(delivery.bytesFor(20)).to.equal(10_500);
    delivery.roundEnded(2_300, 2_300, true);
    expect(delivery.bytesFor(20)).to.be.below(10);
  });
});

describe('delays of a busy host (row 38)', function () {
  this.timeout(60_000);

  it('are no queue: processes that wait up to 30 ms for the processor after up to 6 ms of work still use a path well', () => {
    const turns = { ownMs: 6, othersMs: 30 };
    for (const [latencyMs, bandwidth, share, ms] of [
      [0.05, 20_000, 0.4, 2_000],
      [20, 1_000, 0.32, 6_000],
    ] as const)
      for (const seed of [1, 2, 3, 4, 5]) {
        const world = new World(seed, { ...GOOD, latencyMs, bandwidth, turns }, { window: 100_000 });
        world.push((2 * bandwidth * ms) / 1_280);
        world.run(ms);
        const read = world.read[0] as number[];
        expect((read.length * 1_280) / bandwidth / ms, `${bandwidth} kB/s after ${latencyMs} ms, seed ${seed}`).to.be.above(share);
      }
  });
});
