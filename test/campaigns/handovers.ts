/**
 * @module Campaign of hand-overs. Usage: `node dist/test/campaigns/handovers.js [seeds] [first] [rounds]`: 100, 1 and 350 by default. Each seed: ten messages a round, of five services in
 * both directions, while a relayed connection becomes direct and, with three seeds of four, the relay dies at a random time: none may be
 * lost, doubled or out of order. Prints the seeds that fail, and how many died in the midst of a hand-over.
 */
import { CircuitBehavior } from '../../behaviours/circuit/index.js';
import { seededRandom } from '../../testing/index.js';
import { converse, relayedPair } from '../behaviours/circuit/conversation.js';

const [seeds = 100, first = 1, rounds = 350] = process.argv.slice(2).map(Number);
let failed = 0;
let handedOver = 0;
let died = 0;

for (let seed = first; seed < first + seeds; seed++) {
  const random = seededRandom('handovers', seed);
  const pair = await relayedPair(seed);
  const { sim, hubs, ada, bob } = pair;
  const dies = seed % 4 !== 0;
  const afterRounds = Math.floor(random.float() * 12);
  let since = -1;
  let isDead = false;
  const crash = (round: number) => {
    if (round === 20) sim.heal();
    const hasBegun = [ada, bob].some((node) => node.metrics()['handovers_total'] !== 0);
    if (since < 0 && hasBegun) since = round;
    if (isDead || !dies || since < 0 || round < since + afterRounds) return;
    isDead = true;
    const relay = ada.behavior(CircuitBehavior).circuits()[0]?.relay;
    const hub = hubs.find(({ id }) => id === relay);
    if (hub !== undefined) sim.crash(hub, { reset: random.float() < 0.5 });
    if (hub !== undefined) died++;
  };
  try {
    await converse(pair, rounds, crash);
    if (ada.metrics()['handovers_total'] !== 0) handedOver++;
    if (sim.faults.length > 0) throw new Error(`${sim.faults.length} faults`);
  } catch (error) {
    failed++;
    console.log(`seed ${seed}: ${(error as Error).message}`);
  }
  await sim.stop().catch(() => {});
}
console.log(`${seeds} seeds, ${10 * rounds} messages each: ${failed} failed; ${handedOver} handed over, ${died} lost a relay meanwhile`);
process.exitCode = failed > 0 || handedOver === 0 ? 1 : 0;
