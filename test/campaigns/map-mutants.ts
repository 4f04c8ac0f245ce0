/**
 * @module Map-mutants campaign: every sentence of the contract of shared maps, broken on purpose: the checker has to find each. Run as
 * `node dist/test/campaigns/map-mutants.js [seeds]`, by default up to 20 seeds for each. Exit code 1 when one is not found.
 */
import { MUTANTS, seedsUntilCaught } from '../behaviours/keyvalue/mutants.js';

const [seeds = '20'] = process.argv.slice(2);
for (const mutant of MUTANTS) {
  const caught = await seedsUntilCaught(mutant, Number(seeds));
  console.log(`${mutant.rule}: ${mutant.what}: ${caught === undefined ? 'NOT FOUND' : `found with seed ${caught}`}`);
  if (caught === undefined) process.exitCode = 1;
}
