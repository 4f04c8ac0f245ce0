/**
 * @module Tests of `scripts/setup.mjs` in throw-away projects, with a package manager and a compiler that only note their calls: what
 * is under test is when they are called.
 */
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

interface SetupModule {
  readonly Setup: new (
    root: string,
    run: (command: string, args: readonly string[], failure: string) => void,
    say: (text: string) => void,
  ) => { work(mustBuild?: boolean): void };
  readonly SetupError: new (text: string) => Error;
}

const SCRIPT = join(process.cwd(), 'scripts/setup.mjs');
const LOCK = {
  packages: {
    '': {},
    'node_modules/a': { version: '1.0.0', integrity: 'x' },
    'node_modules/b': { version: '1.0.0', integrity: 'y', optional: true },
  },
};
const INSTALL = 'npm ci --include=dev --ignore-scripts --no-audit --no-fund';

/** A project in a folder of its own. Its compiler writes three outputs for every source beside tsconfig.json. */
class Project {
  readonly folder = mkdtempSync(join(tmpdir(), 'meshwright-setup-'));
  /** What goes wrong. */
  failing: 'npm' | 'tsc' | undefined;
  readonly said: string[] = [];
  readonly #module: SetupModule;
  #calls: string[] = [];

  constructor(module: SetupModule) {
    this.#module = module;
    this.write('package.json', '{"engines":{"node":">=20.19"}}');
    this.write('package-lock.json', JSON.stringify(LOCK));
    this.write('tsconfig.json', '{}');
    this.write('a.ts', '1');
  }

  /** Runs the setup; the programs that it called. */
  work(mustBuild = false): string[] {
    this.#calls = [];
    const run = (command: string, args: readonly string[], failure: string) => this.#run(command, args, failure);
    new this.#module.Setup(this.folder, run, (text) => this.said.push(text)).work(mustBuild);
    return this.#calls;
  }

  write(name: string, text = ''): void {
    writeFileSync(join(this.folder, name), text);
  }

  remove(name: string): void {
    rmSync(join(this.folder, name));
  }

  existing(...names: string[]): string[] {
    return names.filter((name) => existsSync(join(this.folder, name)));
  }

  #run(command: string, args: readonly string[], failure: string): void {
    const program = command === 'npm' ? 'npm' : 'tsc';
    this.#calls.push(program === 'npm' ? `npm ${args.join(' ')}` : `tsc ${args.at(-1)}`);
    if (this.failing === program) throw new this.#module.SetupError(failure);
    if (program === 'npm') this.#install();
    else this.#compile();
  }

  #install(): void {
    rmSync(join(this.folder, 'node_modules'), { recursive: true, force: true });
    mkdirSync(join(this.folder, 'node_modules'));
  }

  #compile(): void {
    mkdirSync(join(this.folder, 'dist/deep'), { recursive: true });
    for (const name of this.existing('a.ts', 'b.ts')) {
      for (const end of ['.js', '.js.map', '.d.ts']) this.write(`dist/${name.replace('.ts', end)}`);
    }
  }
}

describe('scripts/setup.mjs', () => {
  let project: Project;
  beforeEach(async () => {
    project = new Project((await import(pathToFileURL(SCRIPT).href)) as SetupModule);
  });
  afterEach(() => rmSync(project.folder, { recursive: true }));

  it('installs and builds on a fresh clone; then there is nothing to do, and nothing to say', () => {
    expect(project.work()).to.deep.equal([INSTALL, 'tsc .']);
    expect(project.said.splice(0)).to.deep.equal(['installing the packages of package-lock.json', 'compiling']);
    expect(project.work()).to.deep.equal([]);
    expect(project.said).to.deep.equal([]);
    expect(project.work(true)).to.deep.equal(['tsc .']);
  });

  it('builds the legacy project first, where there is one', () => {
    mkdirSync(join(project.folder, 'test/legacy-decorators'), { recursive: true });
    project.write('test/legacy-decorators/tsconfig.json');
    expect(project.work()).to.deep.equal([INSTALL, 'tsc test/legacy-decorators', 'tsc .']);
  });

  it('builds again for a changed, new or removed source and for changed settings, not for another time stamp', () => {
    project.work();
    utimesSync(join(project.folder, 'a.ts'), 1, 1);
    expect(project.work()).to.deep.equal([]);
    const changes = [
      () => project.write('a.ts', '2'),
      () => project.write('b.ts'),
      () => project.remove('b.ts'),
      () => project.write('tsconfig.json', '{ }'),
    ];
    for (const change of changes) {
      change();
      expect(project.work(), String(change)).to.deep.equal(['tsc .']);
    }
  });

  it('removes the outputs of sources that are gone, and no other files', () => {
    project.write('b.ts');
    project.work();
    project.write('dist/notes.txt');
    project.remove('b.ts');
    project.work();
    expect(project.existing('dist/b.js', 'dist/b.js.map', 'dist/b.d.ts', 'dist/deep')).to.deep.equal([]);
    expect(project.existing('dist/a.js', 'dist/a.d.ts', 'dist/notes.txt')).to.have.lengthOf(3);
  });

  it('installs again when the lock file changes', () => {
    project.work();
    project.write('package-lock.json', JSON.stringify({ ...LOCK, changed: true }));
    expect(project.work()).to.deep.equal([INSTALL, 'tsc .']);
  });

  it('leaves an installation alone that npm made by hand, if it is what the lock file lists', () => {
    const installed = (packages: object) => {
      project.remove('node_modules/.meshwright-install');
      project.write('node_modules/.package-lock.json', JSON.stringify({ packages }));
      return project.work();
    };
    project.work();
    expect(installed({ 'node_modules/a': { version: '1.0.0', integrity: 'x' } })).to.deep.equal([]);
    expect(installed({})).to.deep.equal([INSTALL]);
    expect(installed({ 'node_modules/a': { version: '1.0.1', integrity: 'x' } })).to.deep.equal([INSTALL]);
    expect(installed({ 'node_modules/a': { version: '1.0.0', integrity: 'z' } })).to.deep.equal([INSTALL]);
  });

  it('a failing installation or compilation is said clearly, and tried again', () => {
    project.failing = 'npm';
    expect(() => project.work()).to.throw(/npm ci failed; its output is above/);
    project.failing = 'tsc';
    expect(() => project.work()).to.throw(/The sources do not compile \(project \.\); the errors are above/);
    project.failing = undefined;
    expect(project.work()).to.deep.equal(['tsc .']);
    expect(project.existing('.meshwright/setup.lock')).to.deep.equal([]);
  });

  it('the lock of a process that is gone is no obstacle', () => {
    mkdirSync(join(project.folder, '.meshwright'));
    project.write('.meshwright/setup.lock', String(spawnSync(process.execPath, ['-v']).pid));
    expect(project.work()).to.deep.equal([INSTALL, 'tsc .']);
    expect(project.existing('.meshwright/setup.lock')).to.deep.equal([]);
  });

  it('says when Node is too old', () => {
    project.write('package.json', '{"engines":{"node":">=999.1"}}');
    expect(() => project.work()).to.throw(/Node \S+ is too old; Meshwright needs Node >=999\.1/);
  });
});

describe('scripts/setup.mjs as a program', () => {
  const folder = mkdtempSync(join(tmpdir(), 'meshwright-setup-'));
  const env = { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` };
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  /** A package manager that notes its calls and fails until it is allowed; its compiler takes its time. */
  const npm =
    '#!/bin/sh\necho npm >> calls.log\n[ -e registry ] || exit 1\nmkdir -p node_modules/typescript/bin\ncp tsc.txt node_modules/typescript/bin/tsc\n';
  const tsc =
    "require('node:fs').appendFileSync('calls.log', 'tsc\\n'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);";

  before(function () {
    // The stand-in for npm is a shell script.
    if (process.platform === 'win32') this.skip();
    mkdirSync(join(folder, 'scripts'));
    copyFileSync(SCRIPT, join(folder, 'scripts/setup.mjs'));
    const files = {
      'package.json': '{"engines":{"node":">=20.19"}}',
      'package-lock.json': '{}',
      'tsconfig.json': '{}',
      'tsc.txt': tsc,
      npm,
    };
    for (const [name, text] of Object.entries(files)) write(name, text);
    chmodSync(join(folder, 'npm'), 0o755);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('ends with 1 and a sentence when it fails; two at once do the work once', async () => {
    const failed = spawnSync(process.execPath, ['scripts/setup.mjs'], { cwd: folder, env, encoding: 'utf8' });
    expect(failed)
      .to.include({ status: 1, stdout: '' })
      .and.property('stderr')
      .match(/^meshwright setup: npm ci failed/m)
      .and.not.match(/\n\s+at /);
    write('registry', '');
    const start = () => promisify(execFile)(process.execPath, ['scripts/setup.mjs'], { cwd: folder, env });
    await Promise.all([start(), start()]);
    expect(readFileSync(join(folder, 'calls.log'), 'utf8')).to.equal('npm\nnpm\ntsc\n');
  });
});
