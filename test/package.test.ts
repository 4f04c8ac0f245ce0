/**
 * @module The package as it would be published: every door of the exports map is in it, with its types, and nothing of the workshop is.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';

type Exports = string | { readonly [condition: string]: Exports };

const { exports: doors } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly exports: Exports };

function targetsOf(door: Exports): string[] {
  return typeof door === 'string' ? [door.replace(/^\.\//, '')] : Object.values(door).flatMap(targetsOf);
}

function packed(): string[] {
  const listing = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ files }] = JSON.parse(listing) as [{ readonly files: readonly { readonly path: string }[] }];
  return files.map(({ path }) => path);
}

describe('the package', () => {
  const files = packed();

  it('has every file that the exports map names, and the texts that belong to it', () => {
    const wanted = [...new Set(targetsOf(doors)), 'README.md', 'LICENSE', 'CHANGELOG.md', 'package.json'];
    expect(wanted.length).to.be.above(15);
    expect(wanted.filter((path) => !files.includes(path))).to.deep.equal([]);
  });

  it('has no tests, no bench, no command line and no examples', () => {
    expect(files.filter((path) => /^(dist\/)?(test|bench|cli|examples|scripts)\/|\.test\./.test(path))).to.deep.equal([]);
  });
});
