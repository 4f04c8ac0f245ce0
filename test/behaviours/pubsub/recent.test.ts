/**
 * @module The last messages of a feed: which are kept, beside a model, and within which bounds.
 */
import { expect } from 'chai';
import { Recent, RecentBudget } from '../../../behaviours/pubsub/feeds/recent.js';
import { bytesInRun, RunReader, writeInRun } from '../../../behaviours/pubsub/feeds/run.js';
import { SeededRandom } from '../../../testing/conformance/check-tools.js';

const bytesOf = (number: number, length: number) => new Uint8Array(length).fill(number);
/** A run of messages from `first` on, between other bytes. */
function add(recent: Recent, first: number, length: number, count = 1): void {
  const bytes = new Uint8Array(6 + count * bytesInRun(length));
  let at = 3;
  for (let number = first; number < first + count; number++) at = writeInRun(bytes, at, number & 1, bytesOf(number, length));
  recent.add(first, count, bytes, 3, at);
}

/** Message by message: its form and its content. */
function keptSince(recent: Recent, number: number): { number: number; form: number; content: Uint8Array }[] {
  return recent.since(number).flatMap(({ first, count, bytes }) => {
    const reader = new RunReader();
    expect([reader.read(bytes, 0, bytes.length), reader.count]).to.deep.equal([true, count]);
    return Array.from({ length: count }, (_, at) => {
      return { number: first + at, form: reader.formOf(at), content: bytes.slice(reader.startOf(at), reader.endOf(at)) };
    });
  });
}
const keptAs = (number: number, length: number) => ({ number, form: number & 1, content: bytesOf(number, length) });

describe('recent messages of a feed', () => {
  it('are the last 64 of small ones, and as they were', () => {
    const recent = new Recent(new RecentBudget(1 << 20));
    for (let number = 10; number < 200; number++) add(recent, number, 60);
    expect(recent.fromBefore(200)).to.equal(136);
    expect(keptSince(recent, 198)).to.deep.equal([keptAs(198, 60), keptAs(199, 60)]);
    expect(keptSince(recent, 1)).to.have.lengthOf(64);
    expect(recent.since(200)).to.deep.equal([]);
  });

  it('begin anew behind a hole, and say so', () => {
    const recent = new Recent(new RecentBudget(1 << 20));
    for (const number of [1, 2, 3, 7, 8]) add(recent, number, 10);
    expect([recent.fromBefore(9), recent.fromBefore(10)]).to.deep.equal([7, 10]);
  });

  it('that came together are the last 64 as well, cut where they are asked for from a number on', () => {
    const recent = new Recent(new RecentBudget(1 << 20));
    const random = new SeededRandom(7);
    for (let next = 1; next < 10_000; ) {
      const count = next === 1 ? 64 : 1 + random.below(random.once(10) ? 1_024 : 64);
      add(recent, next, 60, count);
      next += count;
      const from = recent.fromBefore(next);
      expect(next - from).to.equal(Math.min(64, next - 1));
      const asked = from + random.below(next - from);
      const wanted = Array.from({ length: next - asked }, (_, index) => keptAs(asked + index, 60));
      expect(keptSince(recent, asked)).to.deep.equal(wanted);
    }
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
        const kept = keptSince(recent, from);
        expect(kept.length).to.equal(number + 1 - from);
        expect(kept.reduce((sum, { content }) => sum + content.length, 0)).to.be.at.most(65_536);
        for (const [index, { content }] of kept.entries())
          expect([content[0], content.at(-1)]).to.deep.equal(new Array(2).fill((from + index) & 255));
        if (bytesInRun(length) <= 65_536) expect(kept.at(-1)?.content).to.have.lengthOf(length);
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
