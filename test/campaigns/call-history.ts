/**
 * @module Call history campaign: histories of many calls under loss, cuts, crashes and reconnects, judged by the contract of docs/rpc.md. Run it with
 * `node dist/test/campaigns/call-history.js [calls] [seeds]`, by default 100,000 calls of one seed. Exit code 1 for a violation or anything left over.
 */
import { recordHistory } from '../behaviours/rpc/history-world.js';
import { leftovers } from '../behaviours/rpc/support.js';

const [callCount = 100_000, seeds = 1] = process.argv.slice(2).map(Number);
for (let seed = 1; seed <= seeds; seed++) {
  const startedMs = performance.now();
  const { history, nodes, stop } = await recordHistory({ seed, callCount, everyMs: 5 });
  const violations = history.violations();
  const left = leftovers(...nodes);
  const counts = [...history.counts()].map(([code, count]) => `${code} ${count}`).join(', ');
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  console.log(`seed ${seed}: ${history.size} calls (${counts}), ${violations.length} violations, ${left} left over, ${seconds} s`);
  for (const text of violations.slice(0, 20)) console.log(`  ${text}`);
  if (violations.length + left > 0) process.exitCode = 1;
  await stop();
}
