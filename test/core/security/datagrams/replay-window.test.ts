/** @module The replay window: which counters are fresh, whatever has come before. */
import { expect } from 'chai';
import { ReplayWindow, WINDOW_COUNTERS as W } from '../../../../core/security/datagrams/replay-window.js';

/** A counter that comes, and whether it is taken. */
type Step = readonly [counter: number, isTaken: boolean];

const LIMIT = 2 ** 48 - 1;

const CASES: readonly (readonly [what: string, steps: readonly Step[]])[] = [
  [
    'the first counters, each once',
    [
      [0, true],
      [0, false],
      [1, true],
      [1, false],
      [9, true],
      [8, true],
      [7, true],
      [7, false],
    ],
  ],
  [
    'the last counter of the window, and the one before it',
    [
      [W, true],
      [1, true],
      [1, false],
      [0, false],
      [W + 1, true],
      [2, true],
      [1, false],
    ],
  ],
  [
    'a word at a time',
    [
      [31, true],
      [32, true],
      [63, true],
      [64, true],
      [33, true],
      [62, true],
      [31, false],
      [32, false],
      [64, false],
    ],
  ],
  [
    'what was in the window, after a leap over many words',
    [
      [W - 1, true],
      [3 * W, true],
      [W - 1, false],
      [2 * W, false],
      [2 * W + 1, true],
      [2 * W + 1, false],
    ],
  ],
  [
    'what has the bit of an earlier counter',
    [
      [5, true],
      [5 + W + 32, true],
      [6 + W, true],
      [5 + W, true],
      [37, false],
      [38 + W, true],
    ],
  ],
  [
    'the greatest counters',
    [
      [LIMIT, true],
      [LIMIT - 1, true],
      [LIMIT, false],
      [LIMIT - W + 1, true],
      [LIMIT - W, false],
      [0, false],
    ],
  ],
  ['downwards', [...Array.from({ length: W }, (_, index): Step => [W - index, true]), [W, false], [1, false], [0, false]]],
];

describe('the replay window', () => {
  for (const [what, steps] of CASES)
    it(`takes ${what} (row 22)`, () => {
      const window = new ReplayWindow();
      const taken = steps.map(([counter]): Step => {
        const isFresh = window.isFresh(counter);
        if (isFresh) window.add(counter);
        return [counter, isFresh];
      });
      expect(taken).to.deep.equal(steps);
    });

  it('takes each counter once, in whatever order, as a set would (row 22)', () => {
    const window = new ReplayWindow();
    const seen = new Set<number>();
    let newest = -1;
    let state = 1;
    for (let round = 0; round < 50_000; round++) {
      state = (state * 48_271) % 2_147_483_647;
      const counter = Math.max(0, newest - 2_200 + (state % 2_300));
      const isFresh = counter > newest - W && !seen.has(counter);
      if (window.isFresh(counter) !== isFresh) expect.fail(`counter ${counter} at ${newest}`);
      if (!isFresh) continue;
      window.add(counter);
      seen.add(counter);
      newest = Math.max(newest, counter);
    }
  });
});
