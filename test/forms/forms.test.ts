/** @module One example suite, every way of writing behaviours: the compilers that authors use must all give the same (USERS 8). */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { build } from 'esbuild';
import { NetworkBehavior } from '../../core/api/network-behavior.js';
import { RouterTable } from '../../core/api/router-table.js';
import * as standard from './standard.js';
import { checkForms, type Forms, PREFIX } from './suite.js';

const ROOT = process.cwd();
const STANDARD = 'test/forms/run.ts';
const LEGACY = 'test/legacy-decorators/run.ts';

/** Runs Node as a program of its own; what it printed. */
async function printed(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env: { ...process.env, ...env } });
  return stdout.trim();
}

/** Bundles an entry with everything that it imports into one file, and runs that alone. */
async function bundled(entry: string): Promise<string> {
  const entryPoints = [join(ROOT, entry)];
  const { outputFiles } = await build({
    entryPoints,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    minify: true,
    write: false,
  });
  const folder = await mkdtemp(join(tmpdir(), 'meshwright-bundle-'));
  try {
    await writeFile(join(folder, 'bundle.mjs'), outputFiles[0]?.contents ?? '');
    return await printed(['--disallow-code-generation-from-strings', join(folder, 'bundle.mjs')]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('the example suite of behaviours passes (USERS 8)', () => {
  it('with standard decorators, compiled by tsc', () => {
    checkForms(standard);
  });

  it('in plain JavaScript, without decorators', async () => {
    const { plainForms } = (await import(pathToFileURL(join(ROOT, 'test/forms/plain.mjs')).href)) as { plainForms(core: object): Forms };
    checkForms(plainForms({ NetworkBehavior, RouterTable, PREFIX }));
  });

  it('run by tsx, in both dialects', async () => {
    const legacy = { TSX_TSCONFIG_PATH: join(ROOT, 'test/legacy-decorators/tsconfig.json') };
    const runs = [printed(['--import', 'tsx', STANDARD]), printed(['--import', 'tsx', LEGACY], legacy)];
    expect(await Promise.all(runs)).to.deep.equal(['forms ok', 'forms ok']);
  });

  it('as a minified esbuild bundle that may evaluate no text, in both dialects', async () => {
    expect(await Promise.all([bundled(STANDARD), bundled(LEGACY)])).to.deep.equal(['forms ok', 'forms ok']);
  });
});
