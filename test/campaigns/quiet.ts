/**
 * @module Campaign: what a mesh says while nothing happens. Simulated nodes with 8 links each, 20 ms of latency and 10 ms of jitter, rest
 * and are then watched. Prints the bytes of syncs of each node and second, frames included, and the processor time; exits with 1 above 50 bytes.
 * Arguments: nodes (300), seconds of rest (120), seconds that are watched (120), seed (1). Run it with `node dist/test/campaigns/quiet.js`.
 */
import { RouterSyncBehavior } from '../../behaviours/router-sync/index.js';
import { SimulatedNetwork } from '../../simulation.js';
import { randomEdges } from '../routing/path-vector/shapes.js';

/** Length, header and stream of a frame on a link between neighbours. */
const FRAME_BYTES = 10;
const DEGREE = 8;
const BYTES_MAX = 50;

const [count = 300, restS = 120, watchedS = 120, seed = 1] = process.argv.slice(2).map(Number);
const net = new SimulatedNetwork({ seed, latencyMs: 20, jitterMs: 10, traceEventsMax: 1 });
const seedsOf: string[][] = Array.from({ length: count }, () => []);
for (const [a, b] of randomEdges(count, DEGREE, seed)) seedsOf[a]?.push(`sim://n${b}`);
for (const [index, seeds] of seedsOf.entries()) await net.createNode({ name: `n${index}`, builtins: ['router-sync'], seeds });

function processorS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function sent(): { readonly bytes: number; readonly syncs: number } {
  const all = net.nodes.map((node) => node.behavior(RouterSyncBehavior).counters);
  const sum = (of: (counters: (typeof all)[0]) => number) => all.reduce((total, counters) => total + of(counters), 0);
  return { bytes: sum(({ bytesSent }) => bytesSent), syncs: sum(({ syncsSent }) => syncsSent) };
}

async function watch(what: string, seconds: number): Promise<number> {
  const [before, beforeS] = [sent(), processorS()];
  await net.run(seconds * 1_000);
  const { bytes, syncs } = sent();
  const rate = (bytes - before.bytes + FRAME_BYTES * (syncs - before.syncs)) / count / seconds;
  const perNode = ((syncs - before.syncs) / count / seconds).toFixed(2);
  console.log(
    `${what}: ${rate.toFixed(1)} bytes and ${perNode} syncs of each node and second, ${(processorS() - beforeS).toFixed(1)} s of processor`,
  );
  return rate;
}

await net.start(...net.nodes);
await watch('the first 10 s', 10);
for (let passedS = 0; passedS < restS; passedS += 30) await watch('rest', Math.min(30, restS - passedS));
const rate = await watch(`${count} nodes, ${watchedS} s watched`, watchedS);
console.log(`${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB resident`);
process.exitCode = rate > BYTES_MAX ? 1 : 0;
