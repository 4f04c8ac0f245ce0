/**
 * @module Campaign: the chaos test with 1,000 seeds. Takes some minutes. Optional arguments: the first seed, and how many. Run it with
 * `node dist/test/campaigns/chaos.js`.
 */
import { chaos } from '../transports/simulated/chaos.js';

const [first = 0, count = 1_000] = process.argv.slice(2).map(Number);

const startMs = performance.now();
let failures = 0;
for (let seed = first; seed < first + count; seed++) {
  await chaos(seed).catch((error: Error) => {
    failures++;
    console.error(error.message);
  });
}
console.log(`${count} seeds from ${first}: ${failures} failures, ${Math.round(performance.now() - startMs)} ms`);
process.exitCode = failures > 0 ? 1 : 0;
