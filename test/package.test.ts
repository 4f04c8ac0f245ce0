/**
 * @module The package as it would be published: every entry point of the exports map is in it, with its types, nothing of the workshop is, and
 * bundlers are told which modules have effects. `tools/` tries the package with the tools that users build with.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

type Exports = string | { readonly [condition: string]: Exports };

interface Manifest {
  readonly main: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly types: string;
  readonly exports: Exports;
  readonly typesVersions: { readonly '*': Readonly<Record<string, readonly string[]>> };
  readonly sideEffects: unknown;
  readonly files: readonly string[];
  readonly repository: { readonly url: string };
}

const MANIFEST = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const EFFECT_IMPORT = /^import ["'](.+)["'];$/gm;

function targetsOf(entry: Exports): string[] {
  return typeof entry === 'string' ? [entry.replace(/^\.\//, '')] : Object.values(entry).flatMap(targetsOf);
}

/** The modules of the package that import another one for its effect alone, with what they import. */
function effectImports(): (readonly [file: string, imported: string])[] {
  const folders = MANIFEST.files.filter((name) => existsSync(join(name, 'index.js')));
  const names = folders.flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => `./${folder}/${String(name)}`));
  return names
    .filter((name) => name.endsWith('.js'))
    .flatMap((name) => [...readFileSync(name, 'utf8').matchAll(EFFECT_IMPORT)].map(([, imported]) => [name, imported as string] as const));
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
    const pages = readdirSync('docs').map((name) => `docs/${name}`);
    const wanted = [...new Set(targetsOf(MANIFEST.exports)), ...pages, 'README.md', 'LICENSE', 'CHANGELOG.md', 'package.json'];
    expect(wanted.length).to.be.above(15);
    expect(wanted.filter((path) => !files.includes(path))).to.deep.equal([]);
  });

  it('has the command, and no tests, no bench and no examples', () => {
    expect(files.filter((path) => /^(dist\/)?(test|tools|bench|examples|scripts)\/|\.test\./.test(path))).to.deep.equal([]);
  });

  it('has its command as a program that the system can run', () => {
    const [[name, path]] = Object.entries(MANIFEST.bin) as [[string, string]];
    expect(name).to.equal('meshwright');
    expect(files).to.include(path);
    expect(readFileSync(path, 'utf8')).to.match(/^#!\/usr\/bin\/env node\n/);
  });

  it('has no source maps, whose sources would be missing', () => {
    expect(files.filter((path) => path.endsWith('.map'))).to.deep.equal([]);
    expect(readFileSync('dist/index.js', 'utf8')).to.not.include('sourceMappingURL');
  });

  it('serves resolution without exports: main, types, and the types of every entry point', () => {
    const { main, types, typesVersions, exports } = MANIFEST;
    const entries = exports as Readonly<Record<string, { readonly types: string; readonly default: string }>>;
    expect([main, types]).to.deep.equal([entries['.']?.default, entries['.']?.types]);
    const expected = Object.entries(entries).filter(([name]) => name !== '.');
    expect(typesVersions['*']).to.deep.equal(Object.fromEntries(expected.map(([name, entry]) => [name.slice(2), [entry.types]])));
  });

  it('names the one module that is loaded for its effect, as source and compiled, which stands before what needs it', () => {
    expect(effectImports()).to.deep.equal([
      ['./dist/core/registration/injection.js', './metadata.js'],
      ['./dist/core/registration/injection.js', 'reflect-metadata/lite'],
      ['./dist/core/registration/metadata.js', 'reflect-metadata/lite'],
    ]);
    expect(MANIFEST.sideEffects).to.deep.equal(['./core/registration/metadata.ts', './dist/core/registration/metadata.js']);
  });
});
