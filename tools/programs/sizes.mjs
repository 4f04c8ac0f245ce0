/**
 * @module Sizes: how many bytes a page loads, minified and compressed by gzip, held to a budget. A budget is what is measured, with some room: whoever
 * needs more says so here.
 */
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** Program, budget in KB (1,000 bytes) and what it is. */
const PAGES = [
  ['slim-page.mjs', 148, 'WebSocket, handshake, rpc, DirectRouter'],
  ['mesh-page.mjs', 254, 'everything that runs by default'],
];

let isWithin = true;
for (const [entry, budgetKb, what] of PAGES) {
  const bundled = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
  });
  const [{ contents }] = bundled.outputFiles;
  const kb = gzipSync(contents, { level: 9 }).length / 1_000;
  isWithin &&= kb <= budgetKb;
  console.log(`${what}: ${kb.toFixed(1)} KB of ${budgetKb} (${(contents.length / 1_000).toFixed(0)} KB minified)`);
}
console.log(isWithin ? 'within the budgets' : 'over budget');
