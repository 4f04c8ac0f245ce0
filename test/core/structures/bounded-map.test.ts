/** @module BoundedMap against a list that does the same slowly, at its bound, and what forgetting costs in a large one. */
import { expect } from 'chai';
import fc from 'fast-check';
import { BoundedMap } from '../../../core/structures/bounded-map.js';

const pairs = <K, V>(map: BoundedMap<K, V>) => map.entries().map(({ key, value }) => [key, value]);

describe('BoundedMap', () => {
  it('lets the oldest give way for one too many, and says which', () => {
    const map = new BoundedMap<string, number>(2);
    expect([map.set('a', 1), map.set('b', 2), map.size]).to.deep.equal([undefined, undefined, 2]);
    const displaced = map.set('c', 3);
    expect([displaced?.key, displaced?.value, map.has('a'), map.size]).to.deep.equal(['a', 1, false, 2]);
    expect(pairs(map)).to.deep.equal([
      ['b', 2],
      ['c', 3],
    ]);
  });

  it('makes what is set again or renewed the youngest, and nothing that is only read', () => {
    const map = new BoundedMap<string, number>(3);
    for (const [key, value] of [['a', 1] as const, ['b', 2] as const, ['c', 3] as const]) map.set(key, value);
    expect([map.get('a'), map.oldest?.key]).to.deep.equal([1, 'a']);
    expect([map.renew('a'), map.oldest?.key]).to.deep.equal([1, 'b']);
    expect([map.set('b', 4), map.oldest?.key, map.get('b')]).to.deep.equal([undefined, 'c', 4]);
    expect([map.renew('d'), map.get('d'), map.take('d'), map.delete('d')]).to.deep.equal([undefined, undefined, undefined, false]);
  });

  it('takes what is due from its old end, and stops at the first that is not', () => {
    const map = new BoundedMap<string, number>(9);
    for (const [key, dueMs] of [['a', 10] as const, ['b', 20] as const, ['c', 30] as const]) map.set(key, dueMs);
    const taken: string[] = [];
    const isDue = (dueMs: number) => dueMs <= 20;
    for (let entry = map.takeOldest(isDue); entry !== undefined; entry = map.takeOldest(isDue)) taken.push(entry.key);
    expect([taken, map.size, map.takeOldest()?.key, map.takeOldest(), map.oldest]).to.deep.equal([
      ['a', 'b'],
      1,
      'c',
      undefined,
      undefined,
    ]);
  });

  it('refuses a bound below 1', () => {
    expect(new BoundedMap(1).sizeMax).to.equal(1);
    for (const sizeMax of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => new BoundedMap(sizeMax), String(sizeMax)).to.throw('sizeMax is');
  });

  it('does what a list of entries does, in any order of calls', () => {
    const step = fc.tuple(fc.constantFrom('set', 'renew', 'take', 'delete', 'takeOldest', 'clear'), fc.nat(7), fc.nat(100));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 200 }), (sizeMax, steps) => {
        const map = new BoundedMap<number, number>(sizeMax);
        let list: [number, number][] = [];
        const without = (key: number) => list.filter(([other]) => other !== key);
        for (const [call, key, value] of steps) {
          const known = list.find(([other]) => other === key);
          if (call === 'set') {
            map.set(key, value);
            list = [...without(key), [key, value]];
            list = list.slice(-sizeMax);
          } else if (call === 'renew') {
            expect(map.renew(key)).to.equal(known?.[1]);
            if (known !== undefined) list = [...without(key), known];
          } else if (call === 'take' || call === 'delete') {
            expect(map[call](key)).to.equal(call === 'take' ? known?.[1] : known !== undefined);
            list = without(key);
          } else if (call === 'takeOldest') {
            const [oldest] = list;
            expect(map.takeOldest()?.key).to.equal(oldest?.[0]);
            list = list.slice(1);
          } else {
            map.clear();
            list = [];
          }
          expect(pairs(map)).to.deep.equal(list);
        }
      }),
    );
  });
});
