/** @module FewList: a list that is empty most of the time. */
import { expect } from 'chai';
import { noneOf, withLast, withoutFirst } from '../../../core/structures/few-list.js';

describe('A list that mostly has few items', () => {
  it('is in the order of addition, and is taken from its front', () => {
    let list = noneOf<number>();
    for (const item of [1, 2, 3]) list = withLast(list, item);
    expect(list).to.deep.equal([1, 2, 3]);
    list = withoutFirst(list);
    expect(list).to.deep.equal([2, 3]);
    expect(withoutFirst(withoutFirst(withoutFirst(list)))).to.deep.equal([]);
  });

  it('is one and the same for all while it is empty, and nobody writes to that', () => {
    const one = withLast(noneOf<number>(), 1);
    expect(withoutFirst(one)).to.equal(noneOf());
    expect(noneOf()).to.deep.equal([]);
    expect(one).to.deep.equal([1]);
  });
});
