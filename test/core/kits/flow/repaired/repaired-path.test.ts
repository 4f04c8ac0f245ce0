/** @module The repaired layer, as properties: whatever a path does, everything arrives once and in order, in bounded room, and little goes twice. */
import { expect } from 'chai';
import fc from 'fast-check';
import { type Channel, GOOD, World } from './world.js';

const share = (max: number) => fc.integer({ min: 0, max: 100 }).map((percent) => (percent / 100) * max);
const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const bad: fc.Arbitrary<Channel> = fc.record({
  latencyMs: fc.integer({ min: 0, max: 200 }),
  jitterMs: fc.integer({ min: 0, max: 150 }),
  loss: share(0.3),
  doubling: share(0.3),
  bandwidth: fc.constantFrom(20, 125, 2_000, Number.POSITIVE_INFINITY),
  queueBytes: fc.constantFrom(6_000, 50_000, Number.POSITIVE_INFINITY),
});
const inOrder = (count: number) => Array.from({ length: count }, (_, value) => value);
const quantile = (values: readonly number[], part: number) =>
  [...values].sort((a, b) => a - b)[Math.floor(part * (values.length - 1))] as number;

describe('repaired path (TH-31, TH-33, TH-37)', function () {
  this.timeout(300_000);

  it('delivers everything once and in order over any path, also one that changes and breaks', () => {
    fc.assert(
      fc.property(seeds, bad, bad, fc.integer({ min: 0, max: 3_000 }), fc.boolean(), (seed, before, after, changeMs, isBroken) => {
        const world = new World(seed, before, { sequences: 3, window: 64 });
        world.push(100);
        world.at(changeMs, () => {
          world.channel = after;
          world.path.changed();
          if (isBroken) world.path.broken();
        });
        world.run(3_600_000);
        expect(world.isDone, 'done').to.equal(true);
        expect(world.read).to.deep.equal([inOrder(100), inOrder(100), inOrder(100)]);
        expect(world.path.inTransitBytes).to.equal(0);
      }),
      { numRuns: 150 },
    );
  });

  for (const [latencyMs, bandwidth] of [
    [10, 125],
    [40, 125],
    [5, 12_500],
    [100, 2_000],
  ] as const)
    it(`sends at most 5 % twice, fills and does not flood ${bandwidth} kB/s after ${latencyMs} ms`, () => {
      const world = new World(1, { ...GOOD, latencyMs, bandwidth });
      const count = Math.min(20_000, bandwidth * 12);
      world.push(count);
      world.run(3_600_000);
      expect(world.read[0]).to.deep.equal(inOrder(count));
      expect(world.packetCount / count, 'packets for each piece').to.be.at.most(1.05);
      const bestMs = (count * 1_280) / bandwidth;
      expect(world.nowMs / bestMs, 'of the best time').to.be.at.most(1.25);
      expect(quantile(world.queueMs, 0.99), 'queue').to.be.at.most(Math.max(2 * latencyMs, 30));
    });

  it('goes on at half of the bandwidth or more while 5 % are lost', () => {
    const world = new World(2, { ...GOOD, latencyMs: 40, bandwidth: 125, loss: 0.05 });
    world.push(2_000);
    world.run(3_600_000);
    expect(world.read[0]).to.deep.equal(inOrder(2_000));
    expect(world.packetCount / 2_000).to.be.at.most(1.05 / 0.95);
    expect(world.nowMs).to.be.at.most((2 * 2_000 * 1_280) / 125);
  });

  it('a loss in one sequence holds up no other', () => {
    const world = new World(3, GOOD, { sequences: 2 });
    world.push(1);
    let sentCount = 0;
    world.channel = Object.defineProperty({ ...GOOD }, 'loss', { get: () => (sentCount++ === 0 ? 1 : 0) });
    world.run(100);
    expect(world.read).to.deep.equal([[], [0]]);
    world.run(60_000);
    expect(world.read).to.deep.equal([[0], [0]]);
  });
});
