/** @module DeadlineHeap: entries surface in the order of their deadlines, and leave it whenever they like. */
import { expect } from 'chai';
import fc from 'fast-check';
import { DeadlineHeap } from '../../../core/structures/deadline-heap.js';

const entry = (name: string, dueMs: number) => ({ name, dueMs, heapIndex: -1, heapOrder: 0 });

describe('DeadlineHeap', () => {
  it('gives an entry at its time and not before, and once', () => {
    const heap = new DeadlineHeap<ReturnType<typeof entry>>();
    expect([heap.nextDueMs, heap.first, heap.takeDue(1e9)]).to.deep.equal([Number.POSITIVE_INFINITY, undefined, undefined]);
    const only = entry('a', 10);
    heap.add(only);
    expect([heap.nextDueMs, heap.first, heap.takeDue(9.999)]).to.deep.equal([10, only, undefined]);
    expect([heap.takeDue(10), heap.takeDue(10), heap.size, only.heapIndex]).to.deep.equal([only, undefined, 0, -1]);
  });

  it('removes an entry that is in it, and no other', () => {
    const heap = new DeadlineHeap<ReturnType<typeof entry>>();
    const entries = [entry('a', 1), entry('b', 2), entry('c', 3)];
    for (const one of entries) heap.add(one);
    const [first] = entries as [ReturnType<typeof entry>];
    expect([heap.remove(first), heap.remove(first), heap.remove(entry('d', 1)), heap.size]).to.deep.equal([true, false, false, 2]);
    expect([heap.first?.name, heap.values().map(({ name }) => name)]).to.deep.equal(['b', ['b', 'c']]);
  });

  it('keeps the order of due times, then of arrival, under any mix of adding and removing (USERS 6)', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.boolean()), { maxLength: 300 }), (steps) => {
        const heap = new DeadlineHeap<ReturnType<typeof entry>>();
        const live: ReturnType<typeof entry>[] = [];
        steps.forEach(([due, isRemoval], order) => {
          if (isRemoval && live.length > 0) heap.remove(live.splice(due % live.length, 1)[0] as ReturnType<typeof entry>);
          else {
            live.push(entry(String(order), due));
            heap.add(live.at(-1) as ReturnType<typeof entry>);
          }
        });
        const expected = live.sort((a, b) => a.dueMs - b.dueMs || a.heapOrder - b.heapOrder).map(({ name }) => name);
        const seen: string[] = [];
        for (let due = heap.takeDue(100); due !== undefined; due = heap.takeDue(100)) seen.push(due.name);
        expect([seen, heap.size]).to.deep.equal([expected, 0]);
      }),
    );
  });
});
