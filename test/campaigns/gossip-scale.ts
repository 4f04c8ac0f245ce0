/**
 * @module Gossip-scale campaign: 100 and 1,000 nodes from one seed, in virtual time. Run as
 * `node --max-old-space-size=8192 dist/test/campaigns/gossip-scale.js [seed] [count …]`, by default seed 1 with 100, 300 and 1,000. Exit
 * code 1 unless each node knows an address of every other within a minute, an address costs 4 N copies at most, and what a node sends in
 * a quiet minute grows no faster than log N.
 */
import { measureScale, type ScaleReport } from '../behaviours/addressbook/scale.js';

const [seed = 1, ...given] = process.argv.slice(2).map(Number);
const reports: ScaleReport[] = [];
for (const count of given.length > 0 ? given : [100, 300, 1_000]) {
  const begin = performance.now();
  const report = await measureScale(count, seed);
  reports.push(report);
  console.log(
    `${count} nodes, seed ${seed}: all known after ${report.knownS} s, ${report.copiesPerAddress.toFixed(2)} N copies of an address, ` +
      `${report.joinMessages.toFixed(0)} messages of a node until then; ${report.connectionsMean.toFixed(1)} connections each ` +
      `(${report.connectionsMost} at most), in one piece: ${report.isInOnePiece}; in a quiet minute ${report.quietBytes.toFixed(0)} bytes ` +
      `and ${report.quietMessages.toFixed(1)} messages of a node. ${((performance.now() - begin) / 1_000).toFixed(0)} s`,
  );
}
const [first] = reports;
const failures = reports.flatMap((report) => {
  const bound = first === undefined ? 1 : (1.02 * Math.log(report.count)) / Math.log(first.count);
  const growths = [report.quietBytes / (first?.quietBytes ?? 1), report.quietMessages / (first?.quietMessages ?? 1)];
  const faults = [
    report.knownS === undefined && 'not all known within a minute',
    report.copiesPerAddress > 4 && 'too many copies',
    !report.isInOnePiece && 'not in one piece',
    Math.max(...growths) > bound && `quiet traffic grew by ${Math.max(...growths).toFixed(2)}, more than ${bound.toFixed(2)}`,
  ];
  return faults.filter((fault) => fault !== false).map((fault) => `${report.count} nodes: ${fault}`);
});
for (const failure of failures) console.log(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
