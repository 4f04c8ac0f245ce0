/**
 * @module Campaign: spacers on real TCP in several processes. `node dist/test/campaigns/spacer-tcp.js [nodes] [processes] [mesh level] [items]`. Exits with 1
 * when something is not found.
 */
import { runTcp } from '../behaviours/spacer/tcp.js';

const [nodes = '200', processes = '2', meshLevel = '20', items = '50'] = process.argv.slice(2);
const faults = await runTcp({
  nodes: Number(nodes),
  processes: Number(processes),
  meshLevel: Number(meshLevel),
  items: Number(items),
  log: console.log,
});
for (const fault of faults) console.log(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
