/**
 * @module Setup: makes `cd bench && npm start` work on a fresh clone: builds the project and installs the contenders' packages as
 * package-lock.json lists them, without running any script of theirs. Silent when there is nothing to do.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const run = (command, args) => execFileSync(command, args, { cwd: at('.'), stdio: ['ignore', 2, 2] });

run(process.execPath, [at('../scripts/setup.mjs')]);

const stamp = at('node_modules/.bench-install');
const lock = readFileSync(at('package-lock.json'), 'utf8');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
  process.stderr.write("bench setup: installing the contenders' packages\n");
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
  writeFileSync(stamp, lock);
}
