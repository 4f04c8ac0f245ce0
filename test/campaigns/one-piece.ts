/**
 * @module One-piece campaign: forty nodes that know one seed and keep three connections each hang together, whatever chance does. Run as
 * `node dist/test/campaigns/one-piece.js [seeds] [first]`, by default 100 seeds from 0. Exit code 1 when a network fell apart.
 */
import { hangsTogether } from '../behaviours/addressbook/one-piece.js';

const [count = 100, first = 0] = process.argv.slice(2).map(Number);
const broken: number[] = [];
for (let seed = first; seed < first + count; seed++) if (!(await hangsTogether(seed))) broken.push(seed);
console.log(`${count} networks of forty nodes: ${broken.length} in more than one piece${broken.map((seed) => `, seed ${seed}`).join('')}`);
process.exitCode = broken.length > 0 ? 1 : 0;
