/**
 * @module Application: an application in a folder of its own that has the package installed as npm would install it, and the tools in the folder
 * above. Its programs are those in `programs/`, the README's first example, and the example suite of the tests.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TOOLS = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(TOOLS, '..');
const QUIET = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] };

/** Sources of the project, under the names that they have in the application. */
const SOURCES = {
  'hello.ts': 'examples/hello.ts',
  'suite.ts': 'test/forms/suite.ts',
  'standard.ts': 'test/forms/standard.ts',
  'run.ts': 'test/forms/run.ts',
  'certificate.ts': 'test/transports/websocket/certificate.ts',
  'legacy-forms.ts': 'test/legacy-decorators/forms.ts',
  'legacy-run.ts': 'test/legacy-decorators/run.ts',
};

const COMPILER = { target: 'ES2022', module: 'NodeNext', strict: true, types: ['node'], outDir: 'out' };
/** A tsconfig.json for each way of compiling. */
const PROJECTS = {
  'standard.json': { compilerOptions: COMPILER, files: ['hello.ts', 'run.ts'] },
  'legacy.json': {
    compilerOptions: { ...COMPILER, experimentalDecorators: true, outDir: 'out-legacy' },
    files: ['legacy-run.ts', 'legacy-forms.ts', 'suite.ts'],
  },
  'older.json': {
    compilerOptions: { ...COMPILER, module: 'CommonJS', moduleResolution: 'node10', outDir: 'out-older' },
    files: ['older.ts'],
  },
};

export class Application {
  #above = mkdtempSync(join(tmpdir(), 'meshwright-tools-'));
  folder = join(this.#above, 'application');
  tarball;

  constructor() {
    symlinkSync(join(TOOLS, 'node_modules'), join(this.#above, 'node_modules'));
    this.tarball = join(this.#above, this.#npm(ROOT, 'pack', '--silent', '--ignore-scripts', '--pack-destination', this.#above).trim());
    cpSync(join(TOOLS, 'programs'), this.folder, { recursive: true });
    this.write('package.json', JSON.stringify({ name: 'application', private: true, type: 'module' }));
    for (const [name, source] of Object.entries(SOURCES)) this.write(name, published(readFileSync(join(ROOT, source), 'utf8')));
    for (const [name, project] of Object.entries(PROJECTS)) this.write(name, JSON.stringify(project));
    this.#npm(this.folder, 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', this.tarball);
    mkdirSync(join(this.#above, 'alone'));
  }

  write(name, text) {
    writeFileSync(join(this.folder, name), text);
  }

  remove() {
    rmSync(this.#above, { recursive: true });
  }

  #npm(cwd, ...args) {
    return execFileSync('npm', args, { ...QUIET, cwd, shell: process.platform === 'win32' });
  }
}

/** A source of the project as an application would write it. */
function published(text) {
  return text
    .replaceAll("'../../index.js'", "'meshwright'")
    .replaceAll("'../index.js'", "'meshwright'")
    .replaceAll("'../forms/suite.js'", "'./suite.js'")
    .replaceAll("import * as forms from './forms.js'", "import * as forms from './legacy-forms.js'");
}
