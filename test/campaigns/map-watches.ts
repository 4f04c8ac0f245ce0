/**
 * @module Map-watches campaign: watches that are not polled for a while, over crashes of owners, restarts and partitions: they miss nothing, or end with a
 * reason. Run as `node dist/test/campaigns/map-watches.js [seeds] [first seed]`, by default 1,000 from 1. Exit code 1 for any violation.
 */
import { checkMapHistory } from '../../testing/index.js';
import { HistoryRun } from '../behaviours/keyvalue/histories.js';

const [seeds = '1000', first = '1'] = process.argv.slice(2);
let [violations, events, ended] = [0, 0, 0];
for (let seed = Number(first); seed < Number(first) + Number(seeds); seed++) {
  const history = await new HistoryRun({ seed, operations: 120, nodes: 4, keys: 4, crashes: 2, partitions: 1, stallMs: 4_000 }).run();
  events += history.records.filter(({ type }) => type === 'watched').length;
  ended += history.records.filter((record) => record.type === 'watch-ended' && record.reason !== 'crash').length;
  for (const { rule, atMs, text } of checkMapHistory(history)) {
    violations++;
    console.log(`seed ${seed}, ${Math.round(atMs)} ms: ${rule}: ${text}`);
  }
}
console.log(`${seeds} seeds, ${events} events, ${ended} watches ended with a reason, ${violations} violations`);
if (violations > 0) process.exitCode = 1;
