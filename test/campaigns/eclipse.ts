/**
 * @module Eclipse campaign (row 49): 20,000 identities of two networks besiege a node for a day of virtual time, and it restarts. Run as
 * `node --max-old-space-size=4096 dist/test/campaigns/eclipse.js [seed] [hours]`, by default seed 1 and 24 hours. Exit code 1 when fewer
 * than half of the connections that the node chose are to honest nodes, after any hour or after the restart.
 */
import { besiege } from '../behaviours/addressbook/eclipse.js';

const [seed = 1, hours = 24] = process.argv.slice(2).map(Number);
const report = await besiege({ seed, hours, attackers: 20, ghosts: 1_000 });
const least = Math.min(...report.shares, report.restartedShare);
console.log(
  `20,000 identities, ${hours} h, seed ${seed}: honest share of the chosen ${Math.min(...report.shares).toFixed(2)} at least, ` +
    `${report.restartedShare.toFixed(2)} of ${report.restartedCount} after a restart; ${report.known} nodes in the book`,
);
process.exitCode = least >= 0.5 ? 0 : 1;
