/**
 * @module Campaign: 2,000 simulated nodes of degree 8, of which one in twenty is killed and comes back in each minute. Exits with 1 unless
 * 99.9 % of the messages between live nodes arrive, none twice, syncs take less than 2 KiB of each node and second in the quiet, and all of
 * it fits into 4 GiB. Arguments: nodes (2,000), seconds of churn (60), seed (1). Run it with `node dist/test/campaigns/churn-scale.js`; 2,000
 * nodes take three quarters of an hour. It runs itself in a heap of 1,100 MiB, unless it is given another one: most of the memory is in
 * arrays outside of the heap, and a larger heap would only hold more garbage.
 */
import { spawnSync } from 'node:child_process';
import { Churn } from '../behaviours/router-sync/churn.js';

const HEAP = '--max-old-space-size=';
if (!process.execArgv.some((option) => option.startsWith(HEAP))) {
  const { status } = spawnSync(process.execPath, [`${HEAP}1100`, ...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' });
  process.exit(status ?? 1);
}

const [count = 2_000, churnS = 60, seed = 1] = process.argv.slice(2).map(Number);
const beganMs = performance.now();
const secondsPassed = () => ((performance.now() - beganMs) / 1_000).toFixed(0);
const options = { count, degree: 8, seed, share: 0.05, quietMs: 20_000, churnMs: churnS * 1_000, messagesPerSecond: 1_000 };
const report = await new Churn({ ...options, log: (text) => console.log(`${secondsPassed()} s: ${text}`) }).run();
const share = report.arrivedCount / report.sentCount;
console.log(
  `${count} nodes, seed ${seed}: converged after ${report.convergedMs} ms; ${report.killedCount} killed in ${churnS} s; ` +
    `${report.arrivedCount} of ${report.sentCount} messages arrived (${(100 * share).toFixed(3)} %), ${report.doubledCount} twice; ` +
    `syncs of each node and second: ${report.quietBytes.toFixed(0)} bytes in the quiet, ${report.churnBytes.toFixed(0)} under churn; ` +
    `${(report.memoryBytes / 2 ** 30).toFixed(2)} GiB resident; ${secondsPassed()} s`,
);
const failures = [
  !report.isConverged && 'not converged',
  share < 0.999 && 'too few messages arrived',
  report.doubledCount > 0 && 'messages arrived twice',
  report.quietBytes >= 2_048 && 'too much is said in the quiet',
  report.memoryBytes > 4 * 2 ** 30 && 'too much memory',
].filter((failure) => failure !== false);
for (const failure of failures) console.log(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
