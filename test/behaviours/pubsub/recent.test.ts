/**
 * @module The last messages of a feed: which are kept, beside a model, and within which bounds.
 */
import { expect } from 'chai';
import { Recent, RecentBudget } from '../../../behaviours/pubsub/feeds/recent.js';
import { SeededRandom } from '../../../testing/conformance/check-tools.js';

const bytesOf = (number: number, length: number) => new Uint8Array(length).fill(number);
/** Between other bytes. */
const add = (recent: Recent, number: number, length: number) =>
  recent.add(number, number & 1, new Uint8Array(length + 7).fill(number, 3, 3 + length), 3, 3 + length);
const keptAs = (number: number, length: number) => ({ form: number & 1, content: bytesOf(number, length) });

describe('recent messages of a feed', () => {
  it('are the last 64 of small ones, and as they were', () => {
    const recent = new Recent(new RecentBudget(1 << 20));
    for (let number = 10; number < 200; number++) add(recent, number, 60);
    expect(recent.fromBefore(200)).to.equal(136);
    expect(recent.since(198)).to.deep.equal([keptAs(198, 60), keptAs(199, 60)]);
    expect(recent.since(1)).to.have.lengthOf(64);
    expect(recent.since(200)).to.deep.equal([]);
  });

  it('begin anew behind a hole, and say so', () => {
    const recent = new Recent(new RecentBudget(1 << 20));
    for (const number of [1, 2, 3, 7, 8]) add(recent, number, 10);
    expect([recent.fromBefore(9), recent.fromBefore(10)]).to.deep.equal([7, 10]);
  });

  it('of any sizes are always a run up to the last one, whole, in 64 KiB', () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const random = new SeededRandom(seed);
      const budget = new RecentBudget(1 << 20);
      const recent = new Recent(budget);
      for (let number = 1; number <= 3_000; number++) {
        const length = 1 + random.below(random.once(20) ? 70_000 : 3_000);
        add(recent, number, length);
        const from = recent.fromBefore(number + 1);
        const kept = recent.since(from);
        expect(kept.length).to.equal(number + 1 - from);
        expect(kept.reduce((sum, { content }) => sum + content.length, 0)).to.be.at.most(65_536);
        for (const [index, { content }] of kept.entries())
          expect([content[0], content.at(-1)]).to.deep.equal(new Array(2).fill((from + index) & 255));
        if (length <= 65_536) expect(kept.at(-1)?.content).to.have.lengthOf(length);
      }
      expect(budget.left).to.equal((1 << 20) - 65_536);
      recent.clear();
      expect(budget.left).to.equal(1 << 20);
    }
  });

  it('are none where the budget is spent, and some as soon as it is not', () => {
    const budget = new RecentBudget(4_096);
    const [first, second] = [new Recent(budget), new Recent(budget)];
    add(first, 1, 50);
    add(second, 1, 50);
    expect([first.fromBefore(2), second.fromBefore(2)]).to.deep.equal([1, 2]);
    first.clear();
    add(second, 2, 50);
    expect(second.fromBefore(3)).to.equal(2);
  });
});
