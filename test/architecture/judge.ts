/** @module Judge: an architecture rule on snippets that it must accept and refuse. */
import { expect } from 'chai';
import type { Rule } from './graph-rules.js';
import { parse } from './source.js';

/** The faults that a rule finds in files given by path. */
export function faults(rule: Rule, files: Readonly<Record<string, string>>): string[] {
  return rule(Object.entries(files).map(([path, text]) => parse(path, text)));
}

/** Holds a rule to texts of one file that it must accept, and others that it must refuse. */
export function judges(rule: Rule, path: string, good: readonly string[], bad: readonly string[]): void {
  for (const text of good) expect(faults(rule, { [path]: text }), text).to.deep.equal([]);
  for (const text of bad) expect(faults(rule, { [path]: text }), text).to.have.lengthOf(1);
}
