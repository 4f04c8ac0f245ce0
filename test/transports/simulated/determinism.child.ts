/** @module For the determinism test: runs the scenario with the seed of the command line, in a process of its own. */
import { eventfulScenario } from './support.js';

process.stdout.write(JSON.stringify(await eventfulScenario(Number(process.argv[2]))));
