/**
 * @module How fast a revocation list reaches all members of a large space, in virtual time.
 *
 *   node dist/test/campaigns/revocations.js [nodes] [links] [seed]
 *
 * 1,000 nodes that each dial 3 earlier ones, by default, at a latency of 50 ms. Prints the virtual time to the last node, and to the end of the last connection to the revoked
 * one; fails above 10 s.
 */
import { spread } from '../behaviours/operator/spread.js';

const [nodes = 1_000, links = 3, seed = 1] = process.argv.slice(2).map(Number);
const result = await spread(nodes, links, seed, console.log);
const [spreadMs, expelledMs] = [Math.round(result.spreadMs), Math.round(result.expelledMs)];
console.log(
  `${nodes} nodes, ${links} links each, seed ${seed}: the list is everywhere after ${spreadMs} ms; the revoked node is alone after ${expelledMs} ms`,
);
if (spreadMs > 10_000 || expelledMs > 10_000) process.exitCode = 1;
