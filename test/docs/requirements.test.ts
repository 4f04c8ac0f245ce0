/**
 * @module Which requirements of the Telehash design no test names. A title names one by its number, such as TH-12; what the project's design waives is not
 * asked for. Those that are still to come are listed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from './pages.js';

const LAST = 45;
/** By DESIGN 10: bytes and eras of the original (1 to 4, 18, 24), details of its later versions (44, 45). */
const WAIVED: readonly number[] = [1, 2, 3, 4, 18, 24, 44, 45];
/** 25: an answer names the closest linked nodes as Kademlia has it, also those that are farther from the key than the node that answers. */
const TO_COME: readonly number[] = [25];

/** The numbers in titles of suites and tests: comments and code do not count. */
function named(): Set<number> {
  const files = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.test.ts'));
  const numbers = new Set<number>();
  for (const path of files)
    for (const [title] of readFileSync(join(ROOT, 'test', path), 'utf8').matchAll(/\b(?:it|describe)\(\s*(?:'[^'\n]*'|"[^"\n]*"|`[^`]*`)/g))
      for (const [, number] of title.matchAll(/\bTH-(\d+)/g)) numbers.add(Number(number));
  return numbers;
}

describe('requirements of the Telehash design', () => {
  const all = Array.from({ length: LAST }, (_, index) => index + 1);
  const wanted = all.filter((number) => !WAIVED.includes(number));

  it('are each named by a test, but for those to come', () => {
    const names = named();
    expect(wanted.filter((number) => !names.has(number))).to.deep.equal(TO_COME);
  });

  it('are read from titles, and not from elsewhere', () => {
    expect([...named()].filter((number) => !all.includes(number))).to.deep.equal([]);
    expect(named().has(12)).to.equal(true);
    expect(named().has(24), 'named by this line, and by no title: TH-24').to.equal(false);
  });
});
