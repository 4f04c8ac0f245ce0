/** @module Pages that show how a built-in behaviour gets options lose none of the others: what `builtins` does not name does not run. */
import { expect } from 'chai';
import { BUILTINS } from '../../behaviours/index.js';
import { blocksOf, readPages } from './pages.js';

const NAMES = Object.entries(BUILTINS).map(([name, type]) => [name, (type as { readonly name: string }).name] as const);

/** What a code leaves out of what runs by default. */
function missingIn(code: string): readonly string[] {
  const [, listed = ''] = /\bbuiltins: \[([^\]]*)\]/.exec(code) ?? [];
  return NAMES.filter(([name, type]) => !listed.includes(`'${name}'`) && !code.includes(`[[${type},`)).map(([name]) => name);
}

describe('what pages show of the option builtins', () => {
  it('examples that give a behaviour options name all others that run by default', () => {
    const blocks = readPages().flatMap((page) => blocksOf(page));
    const shown = blocks.filter(({ text }) => /\bbuiltins: \[/.test(text) && NAMES.some(([, type]) => text.includes(`[[${type}, {`)));
    expect(shown.length).to.be.at.least(3);
    for (const { path, line, text } of shown) expect(missingIn(text), `${path}:${line}`).to.deep.equal([]);
  });

  it('so do lists in the sentences of guides', () => {
    const guides = readPages().filter(({ path }) => path.startsWith('docs/'));
    const lists = guides.flatMap(({ path, text }) =>
      [...text.matchAll(/`(builtins: \[[^`]*\])`/g)].map(([, list = '']) => [path, list] as const),
    );
    expect(lists.length).to.be.at.least(1);
    for (const [path, list] of lists) expect(missingIn(list), path).to.deep.equal([]);
  });
});
