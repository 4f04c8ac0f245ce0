/** @module The proof that every architecture rule can fail: each is given the nearest good and bad snippets. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the snippets are code in strings
import { expect } from 'chai';
import * as graphRules from './graph-rules.js';
import { faults, judges } from './judge.js';
import { dependencyFaults, installScriptFaults, lockFaults, npmrcFaults } from './package-rules.js';
import { parse } from './source.js';
import * as textRules from './text-rules.js';

describe('graph rules', () => {
  it('directions', () => {
    const { directions } = graphRules;
    judges(
      directions,
      'core/a.ts',
      ["import './b.js';", "import x from './security/c.js';", "// import '../routing/x.js';"],
      [
        "import '../routing/x.js';",
        "export * from '../behaviours/x.js';",
        "import type { X } from '../index.js';",
        "const x = await import('../test/x.js');",
      ],
    );
    judges(
      directions,
      'behaviours/a/b.ts',
      ["import '../../core/x.js';", "import '../b/index.js';"],
      ["import '../../transports/x.js';", "import '../../routing/x.js';"],
    );
    judges(directions, 'transports/tcp/a.ts', ["import '../memory/x.js';"], ["import '../../behaviours/x/index.js';"]);
    judges(directions, 'testing/a.ts', ["import '../transports/x.js';"], ["import '../test/x.js';"]);
    judges(directions, 'index.ts', ["import './behaviours/index.js';"], ["import {\n  a,\n} from './bench/start.js';"]);
    judges(directions, 'bench/a.ts', ["import '../index.js';", "import '../examples/a.js';"], []);
  });

  it('entry points and circles of behaviours', () => {
    judges(
      graphRules.behaviorDoors,
      'behaviours/a/x.ts',
      ["import '../b/index.js';", "import './y.js';"],
      ["import '../b/behavior.js';", "import type { B } from '../b/book.js';"],
    );
    const circle = { 'behaviours/a/x.ts': "import '../b/index.js';", 'behaviours/b/y.ts': "import type { A } from '../a/index.js';" };
    expect(faults(graphRules.behaviorCycles, circle)).to.deep.equal(['behaviours import each other in a circle: a -> b -> a']);
    expect(faults(graphRules.behaviorCycles, { ...circle, 'behaviours/b/y.ts': "import './z.js';" })).to.deep.equal([]);
  });

  it('import cycles, at run time only', () => {
    const cycle = (line: string) =>
      faults(graphRules.importCycles, {
        'core/a.ts': "import { b } from './b.js';",
        'core/b.ts': "export * from './c.js';",
        'core/c.ts': line,
      });
    expect(cycle("import { a } from './a.js';")).to.deep.equal(['import cycle: core/a.ts -> core/b.ts -> core/c.ts -> core/a.ts']);
    expect(cycle("import { type A } from './a.js';")).to.have.lengthOf(1);
    expect(cycle("import './c.js';")).to.have.lengthOf(1);
    expect(cycle("import type { A } from './a.js';")).to.deep.equal([]);
  });

  it('circles of types over more than three files', () => {
    const chain = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`core/${at}.ts`, `import type { X } from './${(at + 1) % count}.js';`]));
    const named = 'files that need each other in a circle: core/0.ts, core/1.ts, core/2.ts, core/3.ts';
    expect(faults(graphRules.typeCircles(), chain(3))).to.deep.equal([]);
    expect(faults(graphRules.typeCircles(), chain(4))).to.deep.equal([named]);
    expect(faults(graphRules.typeCircles(['core']), chain(4))).to.deep.equal([]);
    expect(faults(graphRules.typeCircles(['core/a']), chain(4))).to.have.lengthOf(2);
    expect(faults(graphRules.typeCircles(['core']), chain(3))).to.deep.equal(['core has no such circle any more: take it off the list']);
    expect(faults(graphRules.typeCircles(), { ...chain(4), 'core/3.ts': '' })).to.deep.equal([]);
  });

  it('circles of folders', () => {
    const rooms = (back: string, index = '') => ({
      'core/a/x.ts': "import type { Y } from '../b/y.js';",
      'core/b/y.ts': back,
      'core/b/z.ts': '',
      'core/a/index.ts': "export * from '../b/y.js';\nexport * from './x.js';",
      'core/a/w.ts': index,
    });
    const { folderCircles } = graphRules;
    expect(faults(folderCircles(), rooms("import './z.js';"))).to.deep.equal([]);
    const circle = 'folders that need each other in a circle: core/a, core/b';
    expect(faults(folderCircles(), rooms("import type { W } from '../a/w.js';"))).to.deep.equal([circle]);
    expect(faults(folderCircles(['core']), rooms("import '../a/w.js';"))).to.deep.equal([]);
    expect(faults(folderCircles(['core']), rooms(''))).to.have.lengthOf(1);
    expect(faults(folderCircles(), rooms("import '../a/index.js';"))).to.deep.equal([
      `${circle.replace('core/a,', 'core/a, core/a/index.ts,')}`,
    ]);
  });

  it('a file that puts its rooms together, and one that the rooms know', () => {
    const house = (room: string) => ({
      'core/engine/network.ts': "import './context.js';\nimport './links/link.js';",
      'core/engine/context.ts': '',
      'core/engine/links/link.ts': room,
    });
    expect(faults(graphRules.folderCircles(), house("import type { C } from '../context.js';"))).to.deep.equal([]);
    expect(faults(graphRules.folderCircles(), house("import type { N } from '../network.js';"))).to.deep.equal([
      'folders that need each other in a circle: core/engine, core/engine/links',
    ]);
  });

  it('node: imports', () => {
    const bad = ["import { join } from 'node:path';", "import type { Socket } from 'node:net';", "await import('node:fs');"];
    for (const path of ['core/a.ts', 'core/platform/a.ts', 'routing/a.ts', 'transports/simulated/a.ts', 'index.ts'])
      judges(graphRules.nodeImports, path, ["const text = 'node:net';"], bad);
    for (const path of ['core/platform/node/a.ts', 'transports/tcp/a.ts', 'transports/udp/a.ts', 'cli/a.ts', 'test/a.ts'])
      judges(graphRules.nodeImports, path, bad, []);
  });

  it('what browsers reach', () => {
    const reach = (line: string) =>
      faults(graphRules.browserReach, {
        'browser.ts': "export * from './core/a.js';",
        'core/a.ts': line,
        'core/b.ts': "import 'node:fs';",
      });
    expect(reach("import './b.js';")).to.deep.equal(['browser.ts reaches node:fs']);
    expect(reach("import './platform/node/x.js';")).to.deep.equal(['browser.ts reaches core/platform/node/x.ts']);
    expect(reach("import type { B } from './b.js';")).to.deep.equal([]);
  });

  it('homes of packages', () => {
    judges(
      graphRules.packageHomes,
      'core/security/crypto-noble.ts',
      ["import { sha256 } from '@noble/hashes/sha2.js';", "import './x.js';"],
      ["import { Encoder } from 'cbor-x';", "import 'lodash';"],
    );
    judges(
      graphRules.packageHomes,
      'core/node/node.ts',
      ["import type { DependencyContainer } from 'tsyringe';"],
      ["import { pino } from 'pino';", "import 'reflect-metadata/lite';", "import { sha256 } from '@noble/hashes/sha2.js';"],
    );
    judges(graphRules.packageHomes, 'test/a.ts', ["import 'chai';"], []);
    judges(graphRules.packageHomes, 'core/platform/node/lan/lan-socket.ts', ["await import('multicast-dns');"], ["import 'dns-packet';"]);
    judges(graphRules.packageHomes, 'behaviours/lan/behavior.ts', [], ["await import('multicast-dns');", "import 'multicast-dns';"]);
  });
});

describe('text rules', () => {
  it('clocks, timers and randomness', () => {
    const cases: [graphRules.Rule, good: string[], bad: string[]][] = [
      [
        textRules.clocks,
        ['agent.nowMs;', 'new Date(stamp);', '// Date.now()', "'Date.now()';", 'clock.now();'],
        ['Date.now();', 'new Date();', 'performance.now();', 'process.hrtime();', '`${Date.now()}`;'],
      ],
      [
        textRules.timers,
        ['timers.after(5, f);', 'const setTimeoutMs = 1;'],
        ['setTimeout(f, 1);', 'globalThis.setInterval(f, 1);', 'setImmediate(f);', 'queueMicrotask(f);', 'process.nextTick(f);'],
      ],
      [
        textRules.randomness,
        ['agent.random.bytes(8);', 'random.float();', 'Math.max(1);'],
        [
          'Math.random();',
          'crypto.randomUUID();',
          'crypto.getRandomValues(x);',
          "import { randomBytes } from 'x';",
          'utils.randomSecretKey();',
        ],
      ],
    ];
    for (const [rule, good, bad] of cases) {
      for (const path of ['core/a.ts', 'behaviours/a/b.ts', 'routing/a.ts', 'index.ts', 'testing/a.ts']) judges(rule, path, good, bad);
      for (const path of ['core/node/runner.ts', 'core/platform/node/a.ts', 'transports/tcp/a.ts', 'cli/a.ts', 'bench/a.ts'])
        judges(rule, path, bad, []);
    }
    judges(textRules.clocks, 'transports/simulated/a.ts', [], ['Date.now();']);
    judges(textRules.randomness, 'transports/simulated/a.ts', [], ['Math.random();']);
    judges(textRules.timers, 'transports/simulated/a.ts', ['setImmediate(settled);'], []);
  });

  it('promises', () => {
    const bad = ['async () => 1;', 'await x;', 'new Promise(f);', 'Promise.all(x);', 'class A { async run() {} }'];
    judges(textRules.promises, 'core/engine/network.ts', ['let x: Promise<void>;', 'const isAsync = 1;', '({ async: true });'], bad);
    for (const path of ['core/node/node.ts', 'core/node/runner.ts', 'core/platform/node/files.ts', 'behaviours/rpc/a.ts'])
      judges(textRules.promises, path, bad, []);
  });

  it('@module comments', () => {
    const good = ['/** @module A: b. */', '/**\n * @module A: b.\n */', '#!/usr/bin/env node\n/** @module A. */'];
    judges(textRules.moduleComments, 'core/a.ts', good, [
      'const a = 1;',
      '/** A. */',
      '/* @module A */',
      'import x;\n/** @module A. */',
      '/** @module */',
    ]);
  });

  it('lengths of files', () => {
    const lines = (count: number) => 'x\n'.repeat(count);
    judges(textRules.fileLengths, 'core/a.ts', [lines(300)], [lines(301)]);
    judges(textRules.fileLengths, 'test/a.ts', [lines(400)], [lines(401)]);
  });

  it('lengths of functions, in every way of writing them', () => {
    const heads = [
      'function a() {',
      'const a = (b: number) => {',
      'class A { a(b = {}): Map<string, number> {',
      'class A { get a(): number {',
      'const a = {\n  b() {',
      'x.each((y) => {',
      'async function* a(\n) {',
      'class A { constructor(\n  b: number,\n) {',
    ];
    for (const head of heads) {
      const text = (lineCount: number) =>
        `${head}${'\n'.repeat(lineCount - head.split('\n').length - (head.startsWith('const a = {\n') ? -1 : 0))}}`;
      judges(textRules.functionLengths, 'core/a.ts', [text(40)], [text(41)]);
    }
    const long = '\n'.repeat(60);
    judges(
      textRules.functionLengths,
      'core/a.ts',
      [
        `const a = {${long}};`,
        `interface A {${long}}`,
        `class A {${long}}`,
        `if (a) {${long}}`,
        `for (const a of b(c)) {${long}}`,
        `try {${long}} catch (e) {${long}}`,
        `// f() {${long}}`,
      ],
      [],
    );
    judges(textRules.functionLengths, 'test/a.test.ts', [`describe('a', () => {${long}});`], []);
  });

  it('spelling', () => {
    const good = [
      'class NetworkBehavior {}',
      '// a behaviour',
      "fail('this behaviour is unknown');",
      "import '../behaviours/a/index.js';",
      '`behaviour ${name} ended`;',
    ];
    judges(textRules.spelling, 'behaviours/a/behavior.ts', good, [
      'class Behaviour {}',
      'const behaviours = 1;',
      "on('behaviour-stopped', f);",
      '`a ${behaviour}`;',
    ]);
    for (const path of ['core/network-behaviour.ts', 'behaviours/a/behaviour.ts', 'test/core/behaviours/a.ts'])
      expect(faults(textRules.spelling, { [path]: '' }), path).to.have.lengthOf(1);
    expect(faults(textRules.spelling, { 'test/behaviours/a/x.ts': '' })).to.deep.equal([]);
  });

  it('names that users do not know', () => {
    const good = ['// 3 rows', '/* RFC 8305 */', "'ATMOSPHERE-1';", '// section 5'];
    const bad = ['// (DNDM-34)', '/** H-13 */', "'as USERS 7 wants';", '// SECURITY.md', '/** row 68 */', '// TH-25', '// as libp2p does'];
    for (const path of ['core/a.ts', 'testing/a.ts', 'index.ts']) judges(textRules.shippedNames, path, good, bad);
    for (const path of ['test/a.ts', 'bench/a.ts']) judges(textRules.shippedNames, path, bad, []);
  });

  it('open ends and emitted types', () => {
    const marks = ['TO', 'FIX'].map((mark, index) => mark + ['DO', 'ME'][index]);
    judges(
      textRules.openEnds,
      'core/a.ts',
      ['// todos are elsewhere', 'const TODOS = 1;'],
      marks.map((mark) => `// ${mark}: later`),
    );
    judges(textRules.emittedTypes, 'core/a.ts', ["'a design: simple';", `/* ${'design'}:type */`], [`read('${'design'}:paramtypes');`]);
  });
});

describe('package rules', () => {
  const named = {
    '@noble/ciphers': '1',
    '@noble/curves': '1',
    '@noble/hashes': '1',
    '@standard-schema/spec': '1',
    commander: '14',
    'reflect-metadata': '1',
    tsyringe: '1',
    ws: '1',
  };

  it('dependencies', () => {
    const optionalDependencies = { 'multicast-dns': '1' };
    expect(dependencyFaults({ dependencies: named, optionalDependencies })).to.deep.equal([]);
    expect(dependencyFaults({ dependencies: { ...named, lodash: '1' }, optionalDependencies })).to.deep.equal([
      'lodash is a new runtime dependency',
    ]);
    expect(dependencyFaults({ dependencies: named, optionalDependencies: { ...optionalDependencies, lodash: '1' } })).to.deep.equal([
      'lodash is a new optional dependency',
    ]);
    expect(dependencyFaults({ dependencies: named })).to.deep.equal(['multicast-dns is no optional dependency any more']);
    const { tsyringe: _, ...fewer } = named;
    expect(dependencyFaults({ dependencies: fewer, optionalDependencies })).to.deep.equal(['tsyringe is no runtime dependency any more']);
  });

  it('install scripts', () => {
    const fine = { a: { hasInstallScript: true, dev: true }, c: {} };
    expect(installScriptFaults({ scripts: { test: 'x' } }, fine)).to.deep.equal([]);
    expect(installScriptFaults({ scripts: { postinstall: 'x' } }, {})).to.deep.equal(['package.json has the script postinstall']);
    for (const optional of [false, true])
      expect(installScriptFaults({}, { 'node_modules/a': { hasInstallScript: true, optional } })).to.deep.equal([
        'node_modules/a has an install script',
      ]);
  });

  it('lock file', () => {
    const fine = {
      '': {},
      'node_modules/a': { integrity: 'x', optionalDependencies: { b: '1' } },
      'node_modules/b': { dev: true, optional: true },
    };
    expect(lockFaults(fine)).to.deep.equal([]);
    expect(lockFaults({ 'node_modules/a': { integrity: 'x', resolved: 'https://x' } })).to.deep.equal([
      'node_modules/a has a download address',
    ]);
    expect(lockFaults({ 'node_modules/a': { dev: true } })).to.deep.equal(['node_modules/a has no hash']);
    expect(lockFaults({ 'node_modules/a': { integrity: 'x', optionalDependencies: { b: '1' } } })[0]).to.match(
      /^b, an option of node_modules\/a, is not/,
    );
  });

  it('.npmrc', () => {
    const fine = 'ignore-scripts=true\nomit-lockfile-registry-resolved=true\n';
    expect(npmrcFaults(fine)).to.deep.equal([]);
    expect(npmrcFaults(fine.replace('true', 'false'))).to.deep.equal(['.npmrc lacks ignore-scripts=true']);
  });
});

describe('source scanner', () => {
  it('blanks comments, strings and regular expressions, and keeps what stands in templates', () => {
    const text = "const a = 'x{' + `y${b({ c: `${d}` })}z` + /[/'\"]\\//g.source / 2; // e\n/* f\n */ g";
    const { code, strings } = parse('a.ts', text);
    expect(code).to.have.lengthOf(text.length);
    expect(code.replace(/ +/g, ' ')).to.equal("const a = ' ' + ` ${b({ c: `${d}` })} ` + / g.source / 2; \n \n g");
    expect(strings).to.include.members(['x{', 'y', 'z']);
  });

  it('finds imports over several lines, without those in comments and strings', () => {
    const text =
      "import a, {\n  type B,\n} from './a.js';\nimport type { C } from './c.js';\nexport * from './d.js';\n// import './e.js';\nconst f = \"import './f.js'\";\nimport './g.js';\nawait import('./h.js');";
    expect(parse('x.ts', text).imports.map(({ specifier, isTypeOnly }) => `${specifier}${isTypeOnly ? ' type' : ''}`)).to.deep.equal([
      './a.js',
      './c.js type',
      './d.js',
      './g.js',
      './h.js',
    ]);
  });
});
