/**
 * @module Campaign of losses: numbered messages of four services over a link of datagrams at 0, 1, 5 and 20 % loss, with 25 % reordered, 5 % doubled
 * and 50 ms of jitter: each must come once and in order for its service. Then what a transfer of 8 MB reaches at 1 % loss, as a share of what
 * it reaches without.
 *
 *   node dist/test/campaigns/datagram-losses.js [messages of each service, 10000] [seeds, 1]
 */
import { toNode } from '../../core/index.js';
import { exchange, NOTING, pair } from '../core/engine/datagrams/world.js';

const [count = 10_000, seeds = 1] = process.argv.slice(2).map(Number);
const ROUGH = { jitterMs: 50, reordered: 0.25, doubled: 0.05 };

for (const loss of [0, 0.01, 0.05, 0.2])
  for (let seed = 1; seed <= seeds; seed++) {
    const { network, ada, bob } = await pair({ ...ROUGH, loss, seed });
    const beganMs = network.nowMs;
    await exchange(network, ada, bob, count);
    const good = NOTING.map((type) => bob.behavior(type).got.filter((number, index) => number === index).length);
    const isGood = good.every((length) => length === count) && NOTING.every((type) => bob.behavior(type).got.length === count);
    const seconds = ((network.nowMs - beganMs) / 1_000).toFixed(1);
    console.log(`loss ${loss * 100} % seed ${seed}: ${good.join(', ')} of ${count} in order, ${seconds} s of virtual time`);
    if (!isGood) process.exitCode = 1;
    await network.stop();
  }

async function goodput(loss: number): Promise<number> {
  const { network, ada, bob } = await pair({ latencyMs: 20, bandwidth: 1_000_000, loss, seed: 1 });
  const beganMs = network.nowMs;
  const payload = new Uint8Array(8_000);
  for (let sent = 0; sent < 1_000; )
    if (ada.send(toNode(bob.id), 64, payload) === 'queued') sent++;
    else await network.run(10);
  await network.runUntil(() => bob.behavior(NOTING[0] as (typeof NOTING)[0]).got.length === 1_000, 600_000);
  const rate = 8_000 / (network.nowMs - beganMs);
  await network.stop();
  return rate;
}

const clean = await goodput(0);
for (const loss of [0, 0.01, 0.05, 0.2]) {
  const rate = loss === 0 ? clean : await goodput(loss);
  console.log(`8 MB over 1 MB/s and 20 ms at ${loss * 100} % loss: ${rate.toFixed(2)} MB/s, ${(rate / clean).toFixed(2)} of clean`);
}
