/** @module Tests of DenseSet: what comes and goes all the time. */
import { expect } from 'chai';
import { DenseSet, type Placed } from '../../../core/index.js';

class Thing implements Placed {
  place = -1;

  constructor(readonly name: number) {}
}

describe('DenseSet', () => {
  it('has what was added and not deleted, whatever the order', () => {
    const set = new DenseSet<Thing>();
    const model = new Set<Thing>();
    const things = Array.from({ length: 32 }, (_, name) => new Thing(name));
    let state = 1;
    for (let step = 0; step < 4_000; step++) {
      state = (state * 48_271) % 0x7fffffff;
      const thing = things[state % things.length] as Thing;
      if (model.has(thing)) expect([set.delete(thing), model.delete(thing)]).to.deep.equal([true, true]);
      else [set.add(thing), model.add(thing)];
      expect(set.size).to.equal(model.size);
    }
    const names = (all: Iterable<Thing>) => [...all].map(({ name }) => name).sort((one, other) => one - other);
    expect(names(set)).to.deep.equal(names(model));
  });

  it('deletes what is not in it without an effect, and may change while it is gone through', () => {
    const set = new DenseSet<Thing>();
    const [one, two, three] = [new Thing(1), new Thing(2), new Thing(3)];
    set.add(one);
    set.add(two);
    expect([set.delete(three), set.delete(one), set.delete(one), set.size]).to.deep.equal([false, true, false, 1]);
    set.add(three);
    for (const thing of set) set.delete(thing);
    expect(set.size).to.equal(0);
  });
});
