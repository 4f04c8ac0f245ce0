/**
 * @module Campaign: topics in a large mesh whose links end and are made anew. `node dist/test/campaigns/pubsub-churn.js [nodes] [seed] [seconds]`, by
 * default 1,000 nodes, seed 1 and 60 s. Exits with 1 when less than 99.9 % are delivered, anything comes twice or out of order, or a number has no account.
 */
import { churnOf } from '../behaviours/pubsub/churn.js';

const [count = 1_000, seed = 1, seconds = 60] = process.argv.slice(2).map(Number);
const options = { count, seed, degree: 6, topics: Math.ceil(count / 10), subscribersPerTopic: 10, share: 0.2, messagesPerSecond: 200 };
const { published, delivered, missed, lostSight, causes, faults, readyMs } = await churnOf({
  ...options,
  churnMs: seconds * 1_000,
  log: console.log,
});
const share = delivered / (published * options.subscribersPerTopic);
const isWhole = delivered + missed === published * options.subscribersPerTopic;
console.log(
  `${published} published to ${options.subscribersPerTopic} subscribers each: ${(100 * share).toFixed(3)} % delivered, ${missed} missed`,
  causes,
);
console.log(`ready after ${readyMs.toFixed(0)} ms; ${lostSight} accounts ended; faults:`, faults.slice(0, 10));
process.exitCode = share >= 0.999 && isWhole && faults.length === 0 ? 0 : 1;
