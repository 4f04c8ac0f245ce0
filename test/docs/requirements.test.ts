/**
 * @module Which requirements no test names. A title names one by its number, such as TH-12, or several, such as ATM-45 to ATM-52; what the project's design
 * waives is not asked for. Those that are still to come are listed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from './pages.js';

interface Family {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  /** By the design: bytes and eras of the originals, details of their later versions, and what they may do. */
  readonly waived: readonly number[];
  readonly toCome: readonly number[];
}

const FAMILIES: Readonly<Record<string, Family>> = {
  /** 25 is to come: an answer names the closest linked nodes as Kademlia has it, also those that are farther from the key than the node that answers. */
  TH: { name: 'Telehash', first: 1, last: 45, waived: [1, 2, 3, 4, 18, 24, 44, 45], toCome: [25] },
  DNDM: { name: 'dndm', first: 1, last: 44, waived: [16, 17, 44], toCome: [] },
  /** The services of messages: publish and subscribe, and calls. */
  ATM: { name: 'atm0s', first: 84, last: 96, waived: [95], toCome: [] },
};

/** The numbers in titles of suites and tests: comments and code do not count. */
function named(): ReadonlyMap<string, ReadonlySet<number>> {
  const files = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.test.ts'));
  const numbers = new Map(Object.keys(FAMILIES).map((family) => [family, new Set<number>()]));
  for (const path of files)
    for (const [title] of readFileSync(join(ROOT, 'test', path), 'utf8').matchAll(/\b(?:it|describe)\(\s*(?:'[^'\n]*'|"[^"\n]*"|`[^`]*`)/g))
      for (const [, family = '', first, last = first] of title.matchAll(/\b(TH|DNDM|ATM)-(\d+)(?: to \1-(\d+))?/g))
        for (let number = Number(first); number <= Number(last); number++) numbers.get(family)?.add(number);
  return numbers;
}

describe('requirements', () => {
  const names = named();

  for (const [family, { name, first, last, waived, toCome }] of Object.entries(FAMILIES))
    it(`of ${name} are each named by a test, but for those to come`, () => {
      const wanted = Array.from({ length: last - first + 1 }, (_, index) => first + index).filter((number) => !waived.includes(number));
      expect(wanted.filter((number) => !names.get(family)?.has(number))).to.deep.equal(toCome);
    });

  it('are read from titles, and not from elsewhere', () => {
    expect([...(names.get('TH') ?? [])].filter((number) => number < 1 || number > 45)).to.deep.equal([]);
    expect(names.get('TH')?.has(12)).to.equal(true);
    expect(names.get('ATM')?.has(50), 'between ATM-45 and ATM-52').to.equal(true);
    expect(names.get('TH')?.has(24), 'named by this line, and by no title: TH-24').to.equal(false);
  });
});
