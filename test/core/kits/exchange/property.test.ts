/** @module The exchange kit, as properties: whatever happens on the way, every exchange ends once, is handled once at most, and leaves nothing. */
import { expect } from 'chai';
import fc from 'fast-check';
import { type Mishaps, World } from './world.js';

const share = (max: number) => fc.integer({ min: 0, max: 100 }).map((percent) => (percent / 100) * max);
const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const mishaps = (lieMax: number): fc.Arbitrary<Mishaps> =>
  fc.record({ drop: share(0.4), signal: share(1), double: share(0.3), lie: share(lieMax), change: share(1), restart: share(0.5) });

function played(seed: number, chances: Mishaps): World {
  const world = new World(seed, chances);
  world.run(30, 10_000);
  return world;
}

describe('row 82, row 109: under loss, doubling, reorder, changing paths and restarts', function () {
  this.timeout(300_000);

  it('and signals that lie, every exchange ends once, is handled once at most by a node, and leaves nothing', () => {
    const codes = new Set<string>();
    fc.assert(
      fc.property(seeds, mishaps(0.5), (seed, chances) => {
        const world = played(seed, chances);
        for (const { endings, sends } of world.asked) {
          expect(endings.length, 'endings').to.equal(1);
          expect(sends, 'sends').to.be.at.most(3);
          codes.add(endings[0] as string);
        }
        expect(Math.max(0, ...world.answerSends.values()), 'times that one answer was sent').to.be.at.most(3);
        for (const { handled } of world.lives) expect(Math.max(0, ...handled.values()), 'times that one was handled').to.be.at.most(1);
        for (const node of world.nodes.values()) expect(node.leftovers, 'left over').to.deep.equal([0, 0, 0, 0, 0, 0, 0, 0]);
      }),
      { numRuns: 200 },
    );
    expect(codes).to.include.members([
      'ok',
      'timeout',
      'undelivered',
      'path-lost',
      'forgotten',
      'connection-lost',
      'stopped',
      'unreachable',
    ]);
    expect(codes).to.not.include('wrong');
  });

  it('and honest signals, what was answered was handled, and what could not be delivered was not', () => {
    fc.assert(
      fc.property(seeds, mishaps(0), (seed, chances) => {
        const world = played(seed, chances);
        const isHandled = (number: number) => world.lives.some(({ handled }) => handled.has(number));
        for (const { number, endings } of world.asked) {
          if (endings[0] === 'ok') expect(isHandled(number), 'answered').to.equal(true);
          if (['undelivered', 'no-route', 'unreachable'].includes(endings[0] as string))
            expect(isHandled(number), endings[0]).to.equal(false);
        }
      }),
      { numRuns: 200 },
    );
  });
});
