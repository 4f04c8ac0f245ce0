/** @module IdTable: finds what is in it, whatever came and went before. */
import { expect } from 'chai';
import fc from 'fast-check';
import { IdTable } from '../../../../core/kits/exchange/id-table.js';

const id = (idLow: number, idHigh = 0) => ({ idHigh, idLow });

describe('IdTable', () => {
  it('tells ids apart by both halves, also where they meet in one slot', () => {
    const table = new IdTable<{ readonly idHigh: number; readonly idLow: number }>();
    const entries = [id(5), id(5, 1), id(21), id(-11), id(-1)];
    for (const entry of entries) table.add(entry);
    expect(entries.map((entry) => table.get({ ...entry }))).to.deep.equal(entries);
    expect([table.get(id(5, 2)), table.get(id(37)), table.size]).to.deep.equal([undefined, undefined, 5]);
    table.delete(entries[0] as (typeof entries)[0]);
    expect(entries.map((entry) => table.get(entry) !== undefined)).to.deep.equal([false, true, true, true, true]);
  });

  it('has what was added and not deleted, in any order, also when it grew and ran empty', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: -40, max: 40 }), fc.integer({ min: 0, max: 2 })), { maxLength: 200 }), (ids) => {
        const table = new IdTable<{ readonly idHigh: number; readonly idLow: number }>();
        const live = new Map<string, { readonly idHigh: number; readonly idLow: number }>();
        for (const [idLow, idHigh] of ids) {
          const key = `${idHigh} ${idLow}`;
          const entry = live.get(key) ?? id(idLow, idHigh);
          if (live.delete(key)) table.delete(entry);
          else table.add(entry);
          if (table.get(entry) === entry) live.set(key, entry);
          expect(table.size).to.equal(live.size);
        }
        for (const entry of live.values()) expect(table.get({ ...entry })).to.equal(entry);
      }),
    );
  });

  it('gives the room of many back when it is empty', () => {
    const table = new IdTable<{ readonly idHigh: number; readonly idLow: number }>();
    const entries = Array.from({ length: 10_000 }, (_, index) => id(index * 7));
    for (const entry of entries) table.add(entry);
    for (const entry of entries) table.delete(entry);
    expect([table.size, table.get(id(7))]).to.deep.equal([0, undefined]);
    table.add(id(7));
    expect(table.get(id(7))?.idLow).to.equal(7);
  });
});
