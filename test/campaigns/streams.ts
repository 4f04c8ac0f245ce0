/**
 * @module Streams campaign: four uploads of 10 MB each over one relay whose far link has 1 Mbit/s, in good order, with a relay that drops 5 % of
 * what it forwards, and with the relay killed half way. Run it with `node dist/test/campaigns/streams.js [seeds] [bytes]`, by default 3 seeds.
 * Exit code 1 when bytes are wrong, too much went twice, or a call over the relay took more than twice as long as in the quiet.
 */
import { type Bed, campaign, FULL, mostTwice } from '../behaviours/streams/relays.js';

const [seeds = 3, byteCount = FULL] = process.argv.slice(2).map(Number);
let failures = 0;
for (let seed = 1; seed <= seeds; seed++) {
  for (const bed of ['good', 'hostile', 'killed'] satisfies Bed[]) {
    const { sim, isRight, twice, dropped, p99, quietP99, tookMs } = await campaign(seed, byteCount, bed);
    const isGood = isRight && twice <= mostTwice(bed, dropped) && p99 <= 2 * quietP99;
    if (!isGood) failures++;
    const percent = (share: number) => (100 * share).toFixed(2);
    console.log(
      `seed ${seed}, ${bed}: bytes ${isRight ? 'right' : 'WRONG'}, ${percent(twice)} % twice (${percent(dropped)} % dropped), call p99 ${Math.round(p99)} ms (quiet ${Math.round(quietP99)}), ${tookMs / 1_000} s${isGood ? '' : ' FAILED'}`,
    );
    await sim.stop();
  }
}
process.exitCode = failures > 0 ? 1 : 0;
