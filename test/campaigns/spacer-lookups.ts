/**
 * @module Campaign: lookups among many spacers, with the real cryptography unless told otherwise. `node dist/test/campaigns/spacer-lookups.js [nodes] [what]
 * [lookups] [crypto]`; what: `quiet`, `crash` (30 % crash at once), `liars` (20 % lie, eight disjoint paths), `silent` (30 % do not answer, 100 ms a
 * round trip), or `churn` (half of the nodes are replaced within 30 min). Exits with 1 when a bar of the project is missed.
 */
import { run } from '../behaviours/spacer/campaign.js';

const [nodes = '1000', what = 'quiet', lookups = '1000', crypto = 'real'] = process.argv.slice(2);
process.exitCode = (await run({ count: Number(nodes), what, lookups: Number(lookups), isReal: crypto === 'real', log: console.log }))
  ? 0
  : 1;
