/**
 * @module Checkouts: where Meshwright is taken from: this checkout, or a commit that is put into a temporary folder and built there.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const OWN_CHECKOUT = fileURLToPath(new URL('..', import.meta.url));

/** The folder of that commit, built. It stays for the next run. */
export function checkoutOf(commit) {
  const git = (...args) => execFileSync('git', args, { cwd: OWN_CHECKOUT, maxBuffer: 2 ** 28 });
  const hash = git('rev-parse', '--verify', `${commit}^{commit}`).toString().trim();
  const folder = join(tmpdir(), `meshwright-bench-${hash.slice(0, 12)}`);
  const stamp = join(folder, '.unpacked');
  if (!existsSync(stamp)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    execFileSync('tar', ['-x', '-C', folder], { input: git('archive', hash) });
    writeFileSync(stamp, '');
  }
  execFileSync(process.execPath, [join(folder, 'scripts/setup.mjs')], { cwd: folder, stdio: ['ignore', 2, 2] });
  return folder;
}
