/**
 * @module Campaign: no declaration of a topic is flooded. `node dist/test/campaigns/declarations.js [nodes] [topics] [seed]`, by default 1,000, 1,000 and 1: counts
 * the calls until all topics are ready. Exit code 1 when there are more than follow from registrations and offers, or a subscriber was not found.
 */
import { callsOfDeclarations } from '../behaviours/pubsub/calls-of-declarations.js';

const [nodes = 1_000, topics = 1_000, seed = 1] = process.argv.slice(2).map(Number);
const { calls, callsMax, unfound, readyMs } = await callsOfDeclarations(nodes, topics, seed);
console.log(
  `${nodes} nodes, ${topics} topics: ready after ${readyMs.toFixed(0)} ms with ${calls} calls, at most ${callsMax} allowed; ${unfound} not found`,
);
process.exitCode = calls <= callsMax && unfound === 0 ? 0 : 1;
