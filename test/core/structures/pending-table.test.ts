/**
 * @module Pending: every outstanding thing is settled once, in the order of its deadline, or with its owner.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { PENDING_FULL, PendingTable } from '../../../core/structures/pending-table.js';

describe('PendingTable', () => {
  it('settles an entry exactly once, for whoever takes it first', () => {
    const table = new PendingTable<string>(4);
    const id = table.add('a', 10);
    expect(table.take(id)).to.equal('a');
    expect(table.take(id)).to.equal(undefined);
    expect(table.takeDue(10)).to.equal(undefined);
    expect(table.size).to.equal(0);
  });

  it('refuses the entry past its bound, and takes one again when there is room', () => {
    const table = new PendingTable<string>(1);
    const id = table.add('a', 10);
    expect(table.add('b', 5)).to.equal(PENDING_FULL);
    table.take(id);
    expect(table.add('b', 5)).to.be.greaterThan(id);
  });

  it('is due at the time and not before', () => {
    const table = new PendingTable<string>(4);
    table.add('a', 10);
    expect(table.nextDueMs).to.equal(10);
    expect(table.takeDue(9.999)).to.equal(undefined);
    expect(table.takeDue(10)?.value).to.equal('a');
    expect(table.nextDueMs).to.equal(Number.POSITIVE_INFINITY);
  });

  it('releases everything of an owner that ends, and nothing else', () => {
    const table = new PendingTable<string>(8);
    const owner = {};
    table.add('mine', 1, owner);
    table.add('other', 2, {});
    table.add('mine too', Number.POSITIVE_INFINITY, owner);
    expect(table.takeOwned(owner)).to.deep.equal(['mine', 'mine too']);
    expect(table.takeOwned(owner)).to.deep.equal([]);
    expect(table.size).to.equal(1);
  });

  it('keeps the order of due times, then of age, under any mix of adding and taking (USERS 6)', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.boolean()), { maxLength: 300 }), (steps) => {
        const table = new PendingTable<{ due: number; order: number }>(1_000);
        const live: { id: number; due: number; order: number }[] = [];
        steps.forEach(([due, isTake], order) => {
          if (isTake && live.length > 0) {
            const [gone] = live.splice(due % live.length, 1);
            table.take(gone?.id as number);
          } else {
            live.push({ id: table.add({ due, order }, due), due, order });
          }
        });
        const expected = live.sort((a, b) => a.due - b.due || a.order - b.order).map(({ order }) => order);
        const seen: number[] = [];
        for (let due = table.takeDue(100); due !== undefined; due = table.takeDue(100)) seen.push(due.value.order);
        expect(seen).to.deep.equal(expected);
        expect(table.size).to.equal(0);
      }),
    );
  });
});
