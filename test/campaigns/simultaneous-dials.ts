/**
 * @module Campaign for row 15 and USERS 22: 10,000 seeded simultaneous dials, and storms of more nodes. Takes a few minutes. Optional
 * arguments: the first seed, and how many. Run it with `node dist/test/campaigns/simultaneous-dials.js`.
 */
import { dialStorm } from '../transports/simulated/dial-storm.js';

const [first = 0, count = 10_000] = process.argv.slice(2).map(Number);
const STORM_EVERY = 50;

const startMs = performance.now();
let failures = 0;
for (let seed = first; seed < first + count; seed++) {
  const nodeCount = seed % STORM_EVERY === 0 ? 8 : 2;
  await dialStorm(seed, nodeCount, seed % 2 === 0 ? 50 : 500).catch((error: Error) => {
    failures++;
    console.error(error.message);
  });
}
console.log(`${count} seeds from ${first}: ${failures} failures, ${Math.round(performance.now() - startMs)} ms`);
process.exitCode = failures > 0 ? 1 : 0;
