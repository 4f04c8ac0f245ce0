/**
 * @module Tools: packs the package, installs it in an application, and tries that with the tools that users build with, at the versions of
 * package-lock.json. `node tools/run.mjs [WORD]`: only the checks whose names contain the word. Ends with 1 if one fails; where the registry gives
 * nothing, nothing is tried.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application } from './application.mjs';
import { CHECKS } from './checks.mjs';

const TOOLS = fileURLToPath(new URL('.', import.meta.url));
const MODULES = join(TOOLS, 'node_modules');
/** A tool that hangs is ended; none comes near this. */
const CHECK_MS_MAX = 240_000;
/** Where Bun's binary is: its script that would link it does not run. */
const BUN = join(MODULES, '@oven', `bun-${process.platform}-${process.arch === 'arm64' ? 'aarch64' : process.arch}`, 'bin');
/** Runtimes of their own, whose packages bring them for some platforms only. */
const RUNTIMES = ['bun', 'deno'];

/** Whether the tools are there, and are those of the lock file. */
function install() {
  const stamp = join(MODULES, '.meshwright-tools');
  const lock = readFileSync(join(TOOLS, 'package-lock.json'), 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return true;
  const { status } = npm('ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error');
  if (status === 0) writeFileSync(stamp, lock);
  return status === 0;
}

function npm(...args) {
  return spawnSync('npm', args, { cwd: TOOLS, stdio: ['ignore', 'ignore', 2], shell: process.platform === 'win32' });
}

/** Debian's, or the one that the environment names. */
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

function isAbsent(name) {
  if (name.startsWith('chromium:')) return !existsSync(CHROMIUM);
  const [runtime] = RUNTIMES.filter((known) => name.startsWith(`${known}:`));
  return runtime !== undefined && spawnSync(runtime, ['--version'], { env: environment() }).status !== 0;
}

function environment(extra = {}) {
  const path = [BUN, join(MODULES, '.bin'), process.env.PATH].join(delimiter);
  return { ...process.env, PATH: path, NO_COLOR: '1', CI: 'true', ...extra };
}

/** Why a check failed; `undefined` if it passed. */
function failure({ folder, tarball }, [, command, ...expected]) {
  const env = environment({ TARBALL: tarball });
  const { status, stdout, stderr } = spawnSync('bash', ['-c', command], { cwd: folder, env, encoding: 'utf8', timeout: CHECK_MS_MAX });
  const output = `${stdout}${stderr}`;
  if (status === 0 && expected.every((text) => output.includes(text))) return undefined;
  return output.trim().split('\n').slice(-15).join('\n') || `ended with ${status}`;
}

/** Tries one check and prints the result: `passed`, `failed` or `skipped`. */
function tryOne(application, check) {
  const [name] = check;
  if (isAbsent(name)) {
    console.log(`SKIP  ${name}: there is none ${name.startsWith('chromium:') ? `at ${CHROMIUM}` : 'for this platform'}`);
    return 'skipped';
  }
  const reason = failure(application, check);
  console.log(reason === undefined ? `OK    ${name}` : `FAIL  ${name}\n${reason}`);
  return reason === undefined ? 'passed' : 'failed';
}

function tryAll(checks) {
  const application = new Application();
  try {
    const results = checks.map((check) => tryOne(application, check));
    const count = (result) => results.filter((other) => other === result).length;
    console.log(`tools: ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`);
    if (count('failed') > 0) process.exitCode = 1;
  } finally {
    application.remove();
  }
}

const word = process.argv[2] ?? '';
if (install()) tryAll(CHECKS.filter(([name]) => name.includes(word)));
else if (npm('view', 'typescript', 'version').status === 0) {
  console.error('tools: npm ci failed; its output is above');
  process.exitCode = 1;
} else console.log('tools: skipped, the registry gives nothing');
