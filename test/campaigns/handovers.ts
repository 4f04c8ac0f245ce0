/**
 * @module Campaign of connections that change their channel. Usage: `node dist/test/campaigns/handovers.js [seeds] [first] [messages]`: 1,000, 1 and
 * 10,000 by default. Each seed tells four stories: a relayed connection becomes direct over TCP, and over UDP, a direct one over UDP becomes relayed, and
 * the only relay dies at a random time of a hand-over, to TCP and to UDP in turns. In each, so many numbered messages of five services go both ways in
 * all, beside an open stream: none may be lost, doubled or out of order, and the connection stays the same one. Prints the seeds that fail,
 * and how many connections of each story changed their channel by a hand-over, and by a resumption.
 */
import { type PairOptions, STORIES, type Story, talkThrough } from '../behaviours/circuit/conversation.js';

const [seeds = 1_000, first = 1, messages = 10_000] = process.argv.slice(2).map(Number);
/** Five services, both ways. */
const PER_ROUND = 10;

interface Tally {
  failed: number;
  handedOver: number;
  resumed: number;
  died: number;
}

async function tell(story: Story, seed: number, tally: Tally): Promise<void> {
  const options: PairOptions = story === 'relay-dies' && seed % 2 === 0 ? { direct: 'udp' } : {};
  try {
    const { handovers, resumptions, hasDied, isSame } = await talkThrough(story, seed, Math.ceil(messages / PER_ROUND), options);
    if (!isSame) throw new Error('it is another connection');
    if (handovers > 0) tally.handedOver++;
    if (resumptions > 0) tally.resumed++;
    if (hasDied) tally.died++;
    if (handovers + resumptions === 0) throw new Error('the channel did not change');
  } catch (error) {
    tally.failed++;
    console.log(`${story}, seed ${seed}: ${(error as Error).message}`);
  }
}

for (const story of STORIES) {
  const tally: Tally = { failed: 0, handedOver: 0, resumed: 0, died: 0 };
  for (let seed = first; seed < first + seeds; seed++) await tell(story, seed, tally);
  const { failed, handedOver, resumed, died } = tally;
  console.log(`${story}: ${seeds} seeds: ${failed} failed; ${handedOver} handed over, ${resumed} resumed, ${died} lost their relay`);
  if (failed > 0) process.exitCode = 1;
}
