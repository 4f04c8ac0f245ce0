/**
 * @module What the campaigns of the spacer do: grow a space, disturb it, look keys up from everywhere, and judge what came of it.
 */
import type { SpacerBehavior } from '../../../behaviours/spacer/index.js';
import { isCloser, type NodeId } from '../../../core/index.js';
import { nodeCrypto } from '../../../core/platform/node/crypto-node.js';
import type { SimulatedNode } from '../../../simulation.js';
import { SeededRandom } from '../../../testing/conformance/check-tools.js';
import { Liar, Mute } from './hostile.js';
import { Space, spacerOf } from './support.js';

export interface Campaign {
  readonly count: number;
  readonly what: string;
  readonly lookups: number;
  readonly isReal: boolean;
  readonly log: (line: string) => void;
  readonly seed?: number;
}

/** What has to hold, by campaign. */
const BARS: Readonly<Record<string, { readonly success: number; readonly p50Ms?: number; readonly p95Ms?: number }>> = {
  quiet: { success: 0.999 },
  crash: { success: 0.99 },
  liars: { success: 0.99 },
  silent: { success: 0.99, p50Ms: 800, p95Ms: 2_000 },
  churn: { success: 0.98 },
};
const ROUND_TRIP_MS = 100;

interface Outcome {
  readonly isFound: boolean;
  readonly tookMs: number;
  readonly queries: number;
  readonly depth: number;
}

/** Whether its bars hold. */
export async function run({ count, what, lookups, isReal, log, seed = 1 }: Campaign): Promise<boolean> {
  const bars = BARS[what];
  if (bars === undefined) throw new Error(`there is no campaign ${what}`);
  const random = new SeededRandom(seed);
  const space = new Space({ seed, latencyMs: ROUND_TRIP_MS / 2, connections: { max: 128 }, ...(isReal && { crypto: nodeCrypto }) });
  const odd = new Set<SimulatedNode>();
  const startedMs = performance.now();
  for (let index = 0; index < count; index++) {
    const isOdd = index > 8 && random.below(10) < (what === 'liars' ? 2 : what === 'silent' ? 3 : 0);
    const seeds = index === 0 ? [] : [`n${random.below(Math.min(index, 8))}`, `n${random.below(index)}`];
    const node = await space.node(`n${index}`, seeds, isOdd ? (what === 'liars' ? Liar : Mute) : undefined);
    if (isOdd) odd.add(node);
    if (index % 10 === 9) await space.net.run(1_000);
  }
  await space.net.run(90_000);
  log(
    `${count} nodes formed in ${Math.round((performance.now() - startedMs) / 1_000)} s, ${space.net.nowMs} virtual ms, crypto ${space.net.cryptoName}`,
  );
  if (what === 'crash') for (const node of space.nodes.slice(1)) if (random.below(10) < 3) crash(space, node, odd);
  const outcomes: Outcome[] = [];
  for (let round = 0; round < lookups; round += 10) {
    if (what === 'churn') await churn(space, random, odd, 30_000, count);
    const batch = Array.from({ length: Math.min(10, lookups - round) }, () => lookUp(space, random, odd, what));
    for (const outcome of await space.net.waitFor(Promise.all(batch), 120_000)) outcomes.push(outcome);
  }
  const isGood = report(outcomes, bars, log);
  log(`links a node: ${meanOf(space.nodes.filter((node) => !odd.has(node)).map((node) => node.connections().length)).toFixed(1)}`);
  log(`wall time ${Math.round((performance.now() - startedMs) / 1_000)} s, memory ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`);
  return isGood;
}

function crash(space: Space, node: SimulatedNode, odd: Set<SimulatedNode>): void {
  space.net.crash(node);
  odd.add(node);
}

/** So long in a space whose half is replaced within 30 minutes. */
async function churn(space: Space, random: SeededRandom, odd: Set<SimulatedNode>, durationMs: number, count: number): Promise<void> {
  const leaving = Math.round(count * (1 - 0.5 ** (durationMs / 1_800_000)));
  for (let left = 0; left < leaving; left++) {
    const alive = space.nodes.filter((node) => !odd.has(node));
    crash(space, alive[1 + random.below(alive.length - 1)] as SimulatedNode, odd);
    const seed = alive[random.below(8)] as SimulatedNode;
    await space.node(`n${space.nodes.length}`, [odd.has(seed) ? 'n0' : seed.name]);
    await space.net.run(durationMs / leaving);
  }
}

async function lookUp(space: Space, random: SeededRandom, odd: Set<SimulatedNode>, what: string): Promise<Outcome> {
  const sound = space.nodes.filter((node) => !odd.has(node));
  const spacer: SpacerBehavior = spacerOf(sound[random.below(sound.length)] as SimulatedNode);
  const key = random.nodeId();
  const resolution = spacer.resolve(key, { oneHop: false, ...(what === 'liars' && { paths: 8 }) });
  const nodes = await resolution.nodes.catch(() => []);
  const closest = closestOf(sound, key);
  const isFound =
    what === 'liars'
      ? nodes.some(({ nodeId }) => nodeId === closest)
      : nodes.find(({ nodeId }) => sound.some(({ id }) => id === nodeId))?.nodeId === closest;
  const { tookMs, queries, depth } = resolution.trace;
  return { isFound, tookMs, queries, depth };
}

function closestOf(nodes: readonly SimulatedNode[], key: NodeId): NodeId {
  return nodes.map(({ id }) => id).reduce((best, id) => (isCloser(id, best, key) ? id : best));
}

function report(
  outcomes: readonly Outcome[],
  { success, p50Ms, p95Ms }: (typeof BARS)[string] & object,
  log: (line: string) => void,
): boolean {
  const found = outcomes.filter(({ isFound }) => isFound).length / outcomes.length;
  const sorted = (read: (outcome: Outcome) => number) => outcomes.map(read).sort((one, other) => one - other);
  const at = (values: readonly number[], share: number) => values[Math.min(values.length - 1, Math.floor(values.length * share))] as number;
  const [times, queries, depths] = [sorted(({ tookMs }) => tookMs), sorted((outcome) => outcome.queries), sorted(({ depth }) => depth)];
  log(`${outcomes.length} lookups: ${(100 * found).toFixed(2)} % found the closest node`);
  log(`time p50 ${at(times, 0.5)} ms, p95 ${at(times, 0.95)} ms, p99 ${at(times, 0.99)} ms`);
  log(`queries mean ${meanOf(queries).toFixed(1)}, p99 ${at(queries, 0.99)}; depth p99 ${at(depths, 0.99)}`);
  const isFast = at(times, 0.5) <= (p50Ms ?? Number.MAX_VALUE) && at(times, 0.95) <= (p95Ms ?? Number.MAX_VALUE);
  const isFrugal = p50Ms !== undefined || success < 0.999 || (at(queries, 0.99) <= 35 && at(depths, 0.99) <= 4);
  return found >= success && isFast && isFrugal;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
