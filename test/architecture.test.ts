/**
 * @module The architecture test: holds the whole project to the rules of DESIGN sections 1 and 3 and of STYLE. The rules, and the proof
 * that each of them can fail, are in `architecture/`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import * as graphRules from './architecture/graph-rules.js';
import { MECHANISMS, standsOnce } from './architecture/mechanism-rules.js';
import { dependencyFaults, installScriptFaults, type Lock, lockFaults, type Manifest, npmrcFaults } from './architecture/package-rules.js';
import { readSources, type SourceFile } from './architecture/source.js';
import * as textRules from './architecture/text-rules.js';

const ROOT = process.cwd();
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8');

/** Folders in which there are such circles from before these rules; nothing may be added. */
const FOLDER_CIRCLES: readonly string[] = [];
const TYPE_CIRCLES = ['transports/simulated'];

describe('architecture', () => {
  let sources: SourceFile[];
  before(() => {
    sources = readSources(ROOT);
  });

  const rules: [string, graphRules.Rule][] = [
    [
      'core imports no other folder; behaviours, routing and transports import core only; nothing shipped imports what is not',
      graphRules.directions,
    ],
    ['a behaviour reaches another one only through its index.ts', graphRules.behaviorDoors],
    ['behaviours do not import each other in a circle', graphRules.behaviorCycles],
    ['folders do not need each other in a circle', graphRules.folderCircles(FOLDER_CIRCLES)],
    ['no circle of types goes over more than three files', graphRules.typeCircles(TYPE_CIRCLES)],
    ['there are no import cycles at run time (USERS 8)', graphRules.importCycles],
    ['node: is imported only where Node is needed', graphRules.nodeImports],
    ['what browsers load reaches nothing of Node', graphRules.browserReach],
    ['every package of others stands behind one boundary (row 101)', graphRules.packageHomes],
    ['nothing reads a clock outside of the real-time places (row 100)', textRules.clocks],
    ['nothing starts a timer outside of the real-time places (row 100)', textRules.timers],
    ['nothing draws ambient randomness outside of the real-time places (row 100)', textRules.randomness],
    ['promises in core live in node.ts, runner.ts and the platform', textRules.promises],
    ['every file begins with an @module comment', textRules.moduleComments],
    ['files have at most 300 lines, tests 400', textRules.fileLengths],
    ['functions have at most 40 lines', textRules.functionLengths],
    ['code says Behavior', textRules.spelling],
    ['nothing is left to do', textRules.openEnds],
    ['no emitted types are read (USERS 8)', textRules.emittedTypes],
    ['what is shipped names no requirement and no other project', textRules.shippedNames],
    ...Object.values(MECHANISMS).map((mechanism): [string, graphRules.Rule] => [`once: ${mechanism.use}`, standsOnce(mechanism)]),
  ];
  for (const [fact, rule] of rules) it(fact, () => expect(rule(sources)).to.deep.equal([]));

  it('reads the whole project, and every file to its end', () => {
    const paths = ['core/registration/registry.ts', 'test/architecture.test.ts', 'test/legacy-decorators/forms.ts'];
    expect(sources.map(({ path }) => path)).to.include.members(paths);
    const count = (code: string, bracket: string) => code.split(bracket).length;
    for (const [open, close] of [
      ['{', '}'],
      ['(', ')'],
      ['[', ']'],
    ] as const) {
      expect(sources.filter(({ code }) => count(code, open) !== count(code, close)).map(({ path }) => path)).to.deep.equal([]);
    }
  });
});

describe('package (row 101: supply chain)', () => {
  const manifest = JSON.parse(read('package.json')) as Manifest;
  const lock = (JSON.parse(read('package-lock.json')) as { packages: Lock }).packages;

  it('the runtime dependencies are the few that were chosen', () => {
    expect(dependencyFaults(manifest)).to.deep.equal([]);
  });

  it('no runtime dependency has an install script, and none is run', () => {
    expect(installScriptFaults(manifest, lock)).to.deep.equal([]);
    expect(npmrcFaults(read('.npmrc'))).to.deep.equal([]);
  });

  it('the lock file is complete, proves what it names, and has no download addresses', () => {
    expect(lockFaults(lock)).to.deep.equal([]);
  });
});
