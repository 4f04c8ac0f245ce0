/**
 * @module Mesh-tcp campaign (S2, S3): sixty nodes on real TCP in four processes, each given one seed, form a full mesh; then every third
 * node is killed and revived, five times. Run as `node dist/test/campaigns/mesh-tcp.js [nodes] [rounds] [seconds]`, by default 60, 5 and
 * 15. Exit code 1 when the mesh is not whole within so many seconds, at first or again, a node has two links to another one, or a socket or
 * timer is left. A machine that is busy with other things may take longer: the CPU time is printed, too.
 */
import { runFleet } from '../behaviours/addressbook/fleet.js';

const [nodes = 60, rounds = 5, seconds = 15] = process.argv.slice(2).map(Number);
const report = await runFleet({ nodes, rounds, processes: 4, timeoutMs: 1_000 * seconds });
console.log(
  `${nodes} nodes in 4 processes: formed in ${(report.formedMs / 1_000).toFixed(1)} s with ${report.dials} dials; whole again after ` +
    `${report.healedMs.map((ms) => (ms / 1_000).toFixed(1)).join(', ')} s; ${(report.cpuMs / 1_000).toFixed(0)} s of CPU time in all`,
);
for (const fault of report.faults) console.log(fault);
process.exitCode = report.faults.length > 0 ? 1 : 0;
