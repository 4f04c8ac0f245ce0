/** @module What bundlers may leave out: modules that are loaded for their effect are named in `sideEffects` of package.json, and only those. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { build, type Platform } from 'esbuild';

const ROOT = process.cwd();
const PACKAGE = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly sideEffects: unknown; readonly files: readonly string[] };
const EFFECT_IMPORT = /^import ["'](.+)["'];$/gm;
const PROGRAM = `
import { createNode } from 'meshwright';
(async () => {
  const node = await createNode();
  await node.start();
  await node.stop();
  console.log('ran');
})();`;

/** What it prints as one file that has nothing beside it, tree-shaken. */
async function printed(platform: Platform): Promise<string> {
  const stdin = { contents: PROGRAM, resolveDir: ROOT };
  const { outputFiles } = await build({ stdin, bundle: true, format: 'cjs', platform, target: 'es2022', treeShaking: true, write: false });
  const folder = await mkdtemp(join(tmpdir(), 'meshwright-bundle-'));
  try {
    await writeFile(join(folder, 'bundle.cjs'), outputFiles[0]?.contents ?? '');
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'bundle.cjs')]);
    return stdout.trim();
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The modules of the package that import another one for its effect alone, with what they import. */
function effectImports(): (readonly [file: string, imported: string])[] {
  const folders = PACKAGE.files.filter((name) => existsSync(join(ROOT, name, 'index.js')));
  const names = folders.flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => `./${folder}/${String(name)}`));
  return names
    .filter((name) => name.endsWith('.js'))
    .flatMap((name) => [...readFileSync(name, 'utf8').matchAll(EFFECT_IMPORT)].map(([, imported]) => [name, imported as string] as const));
}

describe('side effects of the package', () => {
  it('are those of one module, as source and compiled, which stands before what needs it', () => {
    expect(effectImports()).to.deep.equal([
      ['./dist/core/registration/injection.js', './metadata.js'],
      ['./dist/core/registration/injection.js', 'reflect-metadata'],
      ['./dist/core/registration/metadata.js', 'reflect-metadata'],
    ]);
    expect(PACKAGE.sideEffects).to.deep.equal(['./core/registration/metadata.ts', './dist/core/registration/metadata.js']);
  });

  it('are kept in a bundle of a program that needs createNode alone', async () => {
    expect(await Promise.all([printed('node'), printed('browser')])).to.deep.equal(['ran', 'ran']);
  });
});
