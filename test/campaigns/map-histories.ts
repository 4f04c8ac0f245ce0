/**
 * @module Map-histories campaign: operations on shared maps under partitions, crashes, restarts with and without storage, and clocks that jump by years,
 * judged by the checker. Run as `node dist/test/campaigns/map-histories.js [operations] [first seed]`, by default 100,000 from seed 1. Exit code 1
 * for any violation.
 */
import { checkMapHistory } from '../../testing/index.js';
import { type HistoryPlan, HistoryRun } from '../behaviours/keyvalue/histories.js';

const [operations = '100000', first = '1'] = process.argv.slice(2);
const PLANS: readonly Omit<HistoryPlan, 'seed'>[] = [
  {},
  { crashes: 1, partitions: 1, operations: 1_000 },
  { crashes: 0, partitions: 2, paceMs: 100, operations: 1_000 },
  { ttl: true, stored: 1 },
  { stored: 0, crashes: 6, partitions: 3 },
  { partitions: 8, crashes: 0, paceMs: 80, operations: 800 },
  { nodes: 7, crashes: 5, partitions: 3, keys: 12 },
];
let [count, violations, written, seed] = [0, 0, 0, Number(first)];
for (; count < Number(operations); seed++) {
  const history = await new HistoryRun({ seed, ...PLANS[seed % PLANS.length] }).run();
  for (const record of history.records) {
    if (record.type !== 'operation') continue;
    count++;
    if (record.outcome.type === 'written') written++;
  }
  for (const { rule, atMs, text } of checkMapHistory(history)) {
    violations++;
    console.log(`seed ${seed}, ${Math.round(atMs)} ms: ${rule}: ${text}`);
  }
}
console.log(`${seed - Number(first)} histories, ${count} operations, ${written} acknowledged writes, ${violations} violations`);
if (violations > 0) process.exitCode = 1;
