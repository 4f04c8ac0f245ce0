/**
 * @module Checks: what is tried with each tool, as shell commands in the folder of the application. A check passes if its commands end with 0 and
 * print what is expected. A bundle runs in an empty folder (`alone`), with nothing but itself.
 */
const HELLO = 'Hello world';
const FORMS = 'forms ok';

const compile = (tsc, project) => `node ../node_modules/${tsc}/bin/tsc -p ${project}`;
const tsc = (name) => [
  [`${name}: standard decorators, strict`, `${compile(name, 'standard.json')} && node out/run.js && node out/hello.js`, FORMS, HELLO],
  [`${name}: legacy decorators, strict`, `${compile(name, 'legacy.json')} && node out-legacy/legacy-run.js`, FORMS],
];
const esbuild = (entry, file, options = '') =>
  `esbuild ${entry} --bundle --log-level=error --outfile=../alone/${file} ${options} && cd ../alone && node --disallow-code-generation-from-strings ${file}`;
const bundle = (bundler, entry, file) => `node bundle.mjs ${bundler} ${entry} ../alone ${file} && cd ../alone && node ${file}`;

/** Name, command, and what it prints at least. */
export const CHECKS = [
  ...tsc('typescript-5'),
  ['typescript-5: resolution without exports', compile('typescript-5', 'older.json')],
  ...tsc('typescript-6'),
  ...tsc('typescript-7'),
  ['node: require()', 'node common.cjs', HELLO],
  ['node: import', 'node page.mjs', HELLO],
  ['tsx: standard decorators', 'tsx hello.ts && tsx run.ts', HELLO, FORMS],
  ['tsx: legacy decorators', 'tsx --tsconfig legacy.json legacy-run.ts', FORMS],
  ['swc: standard decorators', 'node swc.mjs run.js standard', FORMS],
  ['swc: legacy decorators', 'node swc.mjs legacy-run.js legacy', FORMS],
  ['esbuild: ES module for Node, no settings', esbuild('hello.ts', 'hello.mjs', '--platform=node --format=esm'), HELLO],
  ['esbuild: standard decorators', esbuild('run.ts', 'run.mjs', '--platform=node --format=esm --target=node20 --minify'), FORMS],
  [
    'esbuild: legacy decorators',
    esbuild('legacy-run.ts', 'legacy.mjs', '--platform=node --format=esm --minify --tsconfig=legacy.json'),
    FORMS,
  ],
  ['esbuild: CommonJS for Node', esbuild('common.cjs', 'common.cjs', '--platform=node'), HELLO],
  ['esbuild: browser', esbuild('page.mjs', 'page.mjs', '--platform=browser --format=esm --minify'), HELLO],
  ['vite: Node', bundle('vite-node', 'hello.ts', 'vite-node.mjs'), HELLO],
  ['vite: browser', bundle('vite-browser', 'page.mjs', 'vite-browser.mjs'), HELLO],
  ['rollup: browser', bundle('rollup', 'page.mjs', 'rollup.mjs'), HELLO],
  ['vitest: no settings', 'vitest run --root . greeter.test.ts', '1 passed'],
  ['vitest: legacy decorators', 'cp legacy.json tsconfig.json && vitest run --root . forms.test.ts; rm tsconfig.json', '1 passed'],
  [
    'pnpm: add ends with 0',
    'mkdir ../with-pnpm && cp package.json page.mjs ../with-pnpm && cd ../with-pnpm && pnpm add --config.strict-dep-builds=true $TARBALL && node page.mjs',
    HELLO,
  ],
  ['bun: no settings', 'bun hello.ts', HELLO],
  ['bun: standard decorators', 'bun run.ts', FORMS],
  ['bun: legacy decorators', 'cp legacy.json tsconfig.json && bun legacy-run.ts; rm tsconfig.json', FORMS],
  ['deno: no settings', 'deno run -A hello.ts', HELLO],
  ['deno: standard decorators', 'deno run -A --unstable-sloppy-imports run.ts', FORMS],
  ['node: a worker thread', 'node thread.mjs', 'thread ok'],
  ['sizes: pages within their budgets', 'node sizes.mjs', 'within the budgets'],
  ['chromium: nodes in pages', 'node chromium.mjs', 'chromium: 8 points hold'],
  ['publint', 'publint --strict node_modules/meshwright', 'All good!'],
  ['attw', 'attw --ignore-rules cjs-resolves-to-esm -- $TARBALL', 'No problems found'],
];
