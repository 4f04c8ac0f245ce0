/**
 * @module Campaign of hand-overs. Usage: `node dist/test/campaigns/handovers.js [seeds] [first] [rounds]`: 100, 1 and 350 by default. Each seed: ten messages a round, of five services in
 * both directions, while a relayed connection becomes direct and, with three seeds of four, the relay dies at a random time: none may be
 * lost, doubled or out of order. Prints the seeds that fail, and how many died in the midst of a hand-over.
 */
import { talkThroughHandover } from '../behaviours/circuit/conversation.js';

const [seeds = 100, first = 1, rounds = 350] = process.argv.slice(2).map(Number);
let failed = 0;
let handedOver = 0;
let died = 0;

for (let seed = first; seed < first + seeds; seed++) {
  try {
    const outcome = await talkThroughHandover(seed, rounds);
    if (outcome.isHandedOver) handedOver++;
    if (outcome.hasDied) died++;
  } catch (error) {
    failed++;
    console.log(`seed ${seed}: ${(error as Error).message}`);
  }
}
console.log(`${seeds} seeds, ${10 * rounds} messages each: ${failed} failed; ${handedOver} handed over, ${died} lost a relay meanwhile`);
process.exitCode = failed > 0 || handedOver === 0 ? 1 : 0;
