/**
 * @module Peering-chaos campaign: random cuts, silences, one-way losses and crashes between two simulated peers. Run as `node
 * dist/test/campaigns/peering-chaos.js [seeds] [first seed]`, by default 500 from 1, each as standard and cross peers and with crashes.
 * Exit code 1 when a frame was lost silently, doubled or out of order; the seed and the kind bring it back.
 */
import { type ChaosKind, chaos } from '../behaviours/peering/chaos.js';

const [seeds = '500', first = '1'] = process.argv.slice(2);
const sum = { runs: 0, sent: 0, delivered: 0, returned: 0, wrong: 0 };
for (let seed = Number(first); seed < Number(first) + Number(seeds); seed++) {
  for (const kind of ['standard', 'cross', 'crashing'] satisfies ChaosKind[]) {
    const { sent, delivered, returned, wrong } = await chaos(seed, kind);
    sum.runs++;
    sum.sent += sent;
    sum.delivered += delivered;
    sum.returned += returned;
    sum.wrong += wrong.length;
    for (const line of wrong) console.log(`seed ${seed}, ${kind}: ${line}`);
  }
}
const { runs, sent, delivered, returned, wrong } = sum;
console.log(`${runs} runs, ${sent} frames sent, ${delivered} confirmed, ${returned} came back, ${wrong} wrong`);
process.exitCode = wrong > 0 ? 1 : 0;
