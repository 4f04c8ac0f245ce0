/**
 * @module Campaign for USERS 4 and row 99: thousands of starts and stops in one process. Run it with
 * `node --expose-gc dist/test/campaigns/starts.js [cycles]`; `npm test` has the small form. Every thousand it prints what is left; it ends
 * with 1 if a handle is left or the heap has grown by 5 MiB or more.
 */
import { cycles } from '../core/node/start-stop.js';

const [count = 1_000] = process.argv.slice(2).map(Number);
const { handles, heapMiB } = await cycles(count, (done, report) => {
  console.log(`${done} cycles: handles ${report.handles}, heap ${report.heapMiB.toFixed(2)} MiB, resident ${report.rssMiB.toFixed(1)} MiB`);
});
process.exitCode = handles === 0 && heapMiB < 5 ? 0 : 1;
