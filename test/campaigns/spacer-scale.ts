/**
 * @module Campaign: what a space of many spacers costs to join, to look keys up in, and to keep, with the cryptography of the simulator, which is cheap:
 * `OverlayRouter`, handshake, rpc and spacer. `node --single-threaded-gc dist/test/campaigns/spacer-scale.js [nodes] [mesh level] [lookups] [idle s] [seed]`;
 * a tenth more nodes join each virtual second. Exits with 1 when fewer than 99.9 % of the lookups find the closest node, their depth is more than 4 at p99, or
 * they take more than 30 questions on average. The last line, but for what it says of this machine, is the same in every process.
 */
import { SpacerBehavior as Spacer, type SpacerBehavior } from '../../behaviours/spacer/index.js';
import { prefixDistance } from '../../behaviours/spacer/table/closest.js';
import { prefixOf } from '../../behaviours/spacer/table/contact.js';
import { isCloser, type NodeId, nodeIdFromBytes } from '../../core/index.js';
import { OverlayRouter } from '../../routing/index.js';
import { type Recorder, SimulatedNetwork, type SimulatedNode } from '../../simulation.js';

const [count = 1_000, meshLevel = 20, lookupCount = count, idleS = 0, seed = 1] = process.argv.slice(2).map(Number);
const GROWTH = 0.1;
const BATCH_MIN = 10;
const SETTLING_MS = 30_000;
const LOOKUPS_PER_SECOND = 500;

interface Outcome {
  readonly isFound: boolean;
  readonly queries: number;
  readonly depth: number;
  readonly tookMs: number;
}

const network = new SimulatedNetwork({ seed, latencyMs: 20, jitterMs: 10, traceEventsMax: 0, onFault: 'reject' });
const recorder = network.record();
const spacerOf = (node: SimulatedNode): SpacerBehavior => node.behavior(Spacer);

/** Of the processor: other programs do not count. */
function cpuS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function join(): Promise<void> {
  while (network.nodes.length < count) {
    const before = network.nodes.length;
    const batch = Math.min(count - before, Math.max(BATCH_MIN, Math.floor(before * GROWTH)));
    const started: SimulatedNode[] = [];
    for (let index = before; index < before + batch; index++) started.push(await network.createNode(optionsOf(index, before)));
    await network.start(...started);
    await network.run(1_000);
  }
  await network.run(SETTLING_MS);
}

function optionsOf(index: number, before: number): Parameters<SimulatedNetwork['createNode']>[0] {
  // The first ones know each other.
  const known = before === 0 ? index : before;
  const seeds = known === 0 ? [] : [network.random.below(known), network.random.below(known)];
  return {
    ...{
      name: `n${index}`,
      router: OverlayRouter,
      builtins: ['handshake', 'rpc'],
      connections: { min: 0, max: Math.max(64, 4 * meshLevel) },
    },
    seeds: [...new Set(seeds)].map((seed) => `sim://n${seed}`),
    behaviors: [[Spacer, { meshLevel }]],
  };
}

async function lookUp(outcomes: Outcome[]): Promise<void> {
  const key = nodeIdFromBytes(network.random.bytes(32));
  const resolution = spacerOf(network.random.pick(network.nodes)).resolve(key, { oneHop: false });
  const [found] = await resolution.nodes.catch(() => []);
  const { queries, depth, tookMs } = resolution.trace;
  outcomes.push({ isFound: found?.nodeId === closestTo(key), queries, depth, tookMs });
}

function closestTo(key: NodeId): NodeId {
  const keyPrefix = prefixOf(key);
  let best: NodeId | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const [id, prefix] of prefixes) {
    const distance = prefixDistance(prefix, keyPrefix);
    if (distance > bestDistance || (distance === bestDistance && best !== undefined && isCloser(best, id, key))) continue;
    best = id;
    bestDistance = distance;
  }
  return best as NodeId;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function at(share: number, values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;
}

/** What has come by now, of one node on average. */
function traffic({ recording }: Recorder): { readonly bytes: number; readonly segments: number; readonly events: number } {
  const sum = (read: (sample: (typeof recording.samples)[number]) => number) =>
    recording.samples.reduce((total, sample) => total + read(sample), 0);
  return {
    bytes: sum(({ bytes }) => bytes) / count,
    segments: sum(({ segments }) => segments) / count,
    events: network.eventCount / count,
  };
}

const counted = (read: (counters: SpacerBehavior['counters']) => number) =>
  meanOf(network.nodes.map((node) => read(spacerOf(node).counters)));

await join();
const prefixes = network.nodes.map(({ id }) => [id, prefixOf(id)] as const);
const joinS = cpuS();
const joined = traffic(recorder);
console.log(
  `${count} nodes, mesh level ${meshLevel}, crypto ${network.cryptoName}: joined after ${Math.round(network.nowMs / 1_000)} virtual s`,
);
console.log(
  `of a node: ${counted(({ questionsSent }) => questionsSent).toFixed(1)} questions, ${counted(({ questionsRelayed }) => questionsRelayed).toFixed(1)} passed on, ` +
    `${counted(({ meshDials }) => meshDials).toFixed(1)} dials, ${meanOf(network.nodes.map((node) => node.connections().length)).toFixed(1)} link ends, ` +
    `${(joined.bytes / 1_000).toFixed(1)} kB, ${Math.round(joined.events)} events`,
);
if (idleS > 0) {
  // Links have found their pace by then.
  await network.run(120_000);
  const before = traffic(recorder);
  await network.run(1_000 * idleS);
  const after = traffic(recorder);
  const aSecond = (read: (one: typeof after) => number) => ((read(after) - read(before)) / idleS).toFixed(2);
  console.log(
    `idle, of a node and second: ${aSecond(({ segments }) => segments)} segments, ${aSecond(({ bytes }) => bytes)} B, ${aSecond(({ events }) => events)} events`,
  );
}
if (lookupCount === 0) process.exit(0);
const [idleEndS, outcomes] = [cpuS(), [] as Outcome[]];
for (let index = 0; index < lookupCount; index++) network.after((1_000 * index) / LOOKUPS_PER_SECOND, () => void lookUp(outcomes));
await network.run((1_000 * lookupCount) / LOOKUPS_PER_SECOND + 15_000);
const success = outcomes.filter(({ isFound }) => isFound).length / Math.max(1, outcomes.length);
const [queries, depths, times] = [
  outcomes.map((one) => one.queries),
  outcomes.map(({ depth }) => depth),
  outcomes.map(({ tookMs }) => tookMs),
];
console.log(
  `CPU ${joinS.toFixed(1)} s to join, ${(cpuS() - idleEndS).toFixed(1)} s for ${outcomes.length} lookups; ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB resident`,
);
console.log(
  `${(100 * success).toFixed(2)} % found, depth p99 ${at(0.99, depths)}, questions mean ${meanOf(queries).toFixed(1)}, p99 ${at(0.99, queries)}, ` +
    `p50 ${Math.round(at(0.5, times))} ms; trace ${network.traceHash()}`,
);
process.exit(success >= 0.999 && at(0.99, depths) <= 4 && meanOf(queries) <= 30 ? 0 : 1);
