/**
 * @module Campaign for USERS 6: a million dials with random outcomes and aborts; every table returns to 0. Run it with
 * `node --expose-gc dist/test/campaigns/dials.js [attempts] [seed]`; `npm test` has the small form. It goes in portions of 20,000, each
 * with a seed of its own, and prints what is left and how the heap grows; it ends with 1 if anything is left.
 */
import { dialCampaign } from '../core/engine/dial/dial-campaign.js';

const [attempts = 1_000_000, seed = 6] = process.argv.slice(2).map(Number);
const PORTION = 20_000;
const totals: Record<string, number> = {};
let left = 0;
let unsettled = 0;

function heapMiB(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

const beganMiB = heapMiB();
for (let done = 0, portion = 0; done < attempts; done += PORTION, portion++) {
  const report = await dialCampaign(Math.min(PORTION, attempts - done), seed + portion);
  for (const [outcome, count] of Object.entries(report.outcomes)) totals[outcome] = (totals[outcome] ?? 0) + count;
  for (const count of Object.values(report.left)) left += Math.abs(count);
  unsettled += report.unsettled;
  console.log(`${done + report.attempts} dials: left ${left}, unsettled ${unsettled}, heap +${(heapMiB() - beganMiB).toFixed(1)} MiB`);
}
console.log(`seeds from ${seed}: ${JSON.stringify(totals)}`);
process.exitCode = left === 0 && unsettled === 0 ? 0 : 1;
