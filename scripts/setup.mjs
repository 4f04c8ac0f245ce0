/**
 * @module Setup: makes `npm start` and `npm test` work on a fresh clone. Installs the packages of package-lock.json if node_modules differs from
 * it, and compiles if a source has changed since the last build. Prints nothing when there is nothing to do. Uses Node only, since it runs
 * before any package is installed. `--build` compiles in any case.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const INSTALL = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
/** The pages of the dashboard and of replays: checked by the compiler, bundled by a script. */
const PAGE = 'operation/pages';
/** The legacy project compiles parts of the core, too: the main project comes last and overwrites them. */
const PROJECTS = ['test/legacy-decorators', '.', PAGE];
const SKIPPED = new Set(['node_modules', 'dist']);
const OUTPUT = /\.(js|d\.ts)(\.map)?$/;
const POLL_MS = 50;
/** An older lock is stale: no setup takes so long. */
const LOCK_MS_MAX = 15 * 60_000;

/** A failure that is shown to the user without a stack. */
export class SetupError extends Error {}

export class Setup {
  #root;
  #run;
  #report;

  /** `run(command, args, failure)` runs a program in `root`, or throws a `SetupError` with the text `failure`. */
  constructor(root, run = (command, args, failure) => runProgram(root, command, args, failure), report = reportOnConsole) {
    this.#root = root;
    this.#run = run;
    this.#report = report;
  }

  /** Installs and builds if needed. */
  work(mustBuild = false) {
    this.#checkNode();
    if (!mustBuild && this.#isInstalled() && this.#isBuilt(this.#sourceDigest())) return;
    this.#alone(() => {
      if (!this.#isInstalled()) this.#install();
      const digest = this.#sourceDigest();
      if (mustBuild || !this.#isBuilt(digest)) this.#build(digest);
    });
  }

  #checkNode() {
    const { engines } = JSON.parse(readFileSync(this.#at('package.json'), 'utf8'));
    const [major, minor] = /(\d+)\.(\d+)/.exec(engines.node).slice(1).map(Number);
    const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
    const isEnough = ownMajor > major || (ownMajor === major && ownMinor >= minor);
    if (!isEnough) throw new SetupError(`Node ${process.versions.node} is too old; Meshwright needs Node ${engines.node}`);
  }

  // Installing

  #isInstalled() {
    if (textOf(this.#installStamp) === this.#installDigest()) return true;
    if (!this.#agreesWithLock()) return false;
    writeFileSync(this.#installStamp, this.#installDigest());
    return true;
  }

  get #installStamp() {
    return this.#at('node_modules', '.meshwright-install');
  }

  #installDigest() {
    return digestOf([readFileSync(this.#at('package-lock.json')), process.platform, process.arch]);
  }

  /** Whether the installed packages are those of the lock file: the user may have run npm. */
  #agreesWithLock() {
    const hidden = textOf(this.#at('node_modules', '.package-lock.json'));
    if (hidden === undefined) return false;
    const { packages: installed = {} } = JSON.parse(hidden);
    const { packages: wanted = {} } = JSON.parse(readFileSync(this.#at('package-lock.json'), 'utf8'));
    return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
      const present = installed[path];
      if (path === '' || (present === undefined && optional)) return true;
      return present !== undefined && present.version === version && present.integrity === integrity;
    });
  }

  #install() {
    this.#report('installing the packages of package-lock.json');
    this.#run('npm', INSTALL, 'npm ci failed; its output is above. Is the package registry reachable?');
    writeFileSync(this.#installStamp, this.#installDigest());
  }

  // Building

  get #buildStamp() {
    return this.#at('dist', '.meshwright-build');
  }

  #isBuilt(digest) {
    return textOf(this.#buildStamp) === digest;
  }

  #build(digest) {
    this.#report('compiling');
    rmSync(this.#buildStamp, { force: true });
    const tsc = this.#at('node_modules', 'typescript', 'bin', 'tsc');
    for (const project of PROJECTS.filter((path) => existsSync(this.#at(path, 'tsconfig.json')))) {
      this.#run(process.execPath, [tsc, '-p', project], `The sources do not compile (project ${project}); the errors are above.`);
    }
    this.#removeOrphans();
    if (existsSync(this.#at(PAGE)))
      this.#run(process.execPath, [this.#at('scripts', 'build-page.mjs')], 'The pages cannot be bundled; the errors are above.');
    writeFileSync(this.#buildStamp, digest);
  }

  /** Changes with any source, setting or the compiler. */
  #sourceDigest() {
    const settings = ['package.json', 'package-lock.json'].map((name) => this.#at(name));
    const sources = filesOf(this.#root).filter((path) => /\.(tsx?|css|html|svg)$/.test(path) || /tsconfig[^/\\]*\.json$/.test(path));
    return digestOf([...settings, ...sources.sort()].flatMap((path) => [relative(this.#root, path), readFileSync(path)]));
  }

  /** Removes the outputs of deleted sources, which would still be tested and published: the page's script is one of them, and made anew. */
  #removeOrphans() {
    const dist = this.#at('dist');
    mkdirSync(dist, { recursive: true });
    const sourceOf = (output) => this.#at(relative(dist, output).replace(OUTPUT, '.ts'));
    for (const path of filesOf(dist)) if (OUTPUT.test(path) && !existsSync(sourceOf(path))) rmSync(path);
    removeEmptyFolders(dist);
  }

  // One at a time

  get #lock() {
    return this.#at('.meshwright', 'setup.lock');
  }

  /** Two runs at once, such as a test in one window and a start in another, must not install or compile over each other. */
  #alone(work) {
    mkdirSync(this.#at('.meshwright'), { recursive: true });
    for (let tries = 0; !createFile(this.#lock, String(process.pid)); tries++) {
      const place = relative(this.#root, this.#lock).split(sep).join('/');
      if (tries === 1) this.#report(`waiting for another setup to end (process ${textOf(this.#lock)}, ${place})`);
      dropDeadLock(this.#lock);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
    }
    try {
      work();
    } finally {
      rmSync(this.#lock, { force: true });
    }
  }

  #at(...path) {
    return join(this.#root, ...path);
  }
}

/** Moves a lock aside whose process is gone. Moving is atomic: of several that wait, one succeeds. */
function dropDeadLock(lock) {
  const owner = textOf(lock);
  if (owner === undefined || (isAlive(Number(owner)) && ageOf(lock) < LOCK_MS_MAX)) return;
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
    // Another process may have taken the lock between reading and moving: restore it.
    if (textOf(aside) === owner) rmSync(aside);
    else renameSync(aside, lock);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function ageOf(path) {
  return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
}

/** Creates a file; false if it exists. */
function createFile(path, text) {
  try {
    writeFileSync(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes the empty folders within a folder. */
function removeEmptyFolders(folder) {
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const path of folders.map(({ name }) => join(folder, name))) {
    removeEmptyFolders(path);
    if (readdirSync(path).length === 0) rmSync(path, { recursive: true });
  }
}

/** Every file below a folder, without hidden folders, packages and outputs. */
function filesOf(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) || entry.name.startsWith('.') ? [] : filesOf(path);
    return entry.isFile() ? [path] : [];
  });
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function digestOf(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}

/** The program's output goes to standard error, so that standard output is only that of the program that follows the setup. */
function runProgram(root, command, args, failure) {
  const shell = process.platform === 'win32' && command === 'npm';
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell });
  if (error !== undefined) throw new SetupError(`${command} cannot be run: ${error.message}`);
  if (status !== 0) throw new SetupError(failure);
}

function reportOnConsole(text) {
  console.error(`meshwright setup: ${text}`);
}

function main() {
  try {
    new Setup(fileURLToPath(new URL('..', import.meta.url))).work(process.argv.includes('--build'));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    reportOnConsole(error.message);
    process.exitCode = 1;
  }
}

// Run as a program, not imported by a test. Either path may lead over symbolic links.
if (realpathSync(process.argv[1] ?? '') === realpathSync(fileURLToPath(import.meta.url))) main();
