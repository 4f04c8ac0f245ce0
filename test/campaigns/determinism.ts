/**
 * @module Campaign for row 100: 1,000 seeds of the eventful scenario, each run twice, must give equal traces. Takes a few minutes.
 * Optional arguments: the first seed, and how many. Run it with `node dist/test/campaigns/determinism.js`.
 */
import { eventfulScenario } from '../transports/simulated/support.js';

const [first = 0, count = 1_000] = process.argv.slice(2).map(Number);

const startMs = performance.now();
const hashes = new Set<string>();
let differing = 0;
for (let seed = first; seed < first + count; seed++) {
  const [one, two] = [await eventfulScenario(seed), await eventfulScenario(seed)];
  hashes.add(one.hash);
  if (one.hash === two.hash) continue;
  differing++;
  console.error(`seed ${seed}: ${one.hash} and ${two.hash}`);
}
console.log(`${count} seeds twice: ${differing} differ, ${hashes.size} traces, ${Math.round(performance.now() - startMs)} ms`);
process.exitCode = differing > 0 || hashes.size < count ? 1 : 0;
