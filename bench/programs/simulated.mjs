/**
 * @module Simulated: networks in virtual time: how long `connect` takes, what a mesh with all defaults costs to form and to keep, and what
 * its tables send when nothing changes.
 */
import { load } from './checkout.mjs';
import { serveTasks } from './tasks.mjs';

const { RouterSyncBehavior } = await load('behaviours/index.js');
const { SimulatedNetwork } = await load('simulation.js');

/** A header without source and destination, and a length of two bytes. */
const FRAME_BYTES = 10;
const PAIRS = 1_000;
const FORM_MS_MAX = 300_000;
const STEP_MS = 1_000;

/** Virtual milliseconds of `connect`, with the smaller and with the larger of the two ids on the dialling side. */
async function connects({ rttMs, seed }) {
  const took = {};
  for (const dialler of ['ada', 'bob']) {
    const network = new SimulatedNetwork({ seed, latencyMs: rttMs / 2 });
    const [ada, bob] = [await network.createNode({ name: 'ada' }), await network.createNode({ name: 'bob' })];
    await network.start(ada, bob);
    await network.run(STEP_MS);
    const [from, to, toName] = dialler === 'ada' ? [ada, bob, 'bob'] : [bob, ada, 'ada'];
    const startedMs = network.nowMs;
    await network.waitFor(from.connect(`sim://${toName}`));
    took[from.id < to.id ? 'smaller' : 'larger'] = network.nowMs - startedMs;
    await network.stop();
  }
  return took;
}

/** All defaults, each with so many addresses of others to begin with. CPU time in seconds, resident memory in MiB. */
async function mesh({ count, bootstrapCount, idleMs }) {
  const network = new SimulatedNetwork({ seed: 1, traceEventsMax: 1 });
  for (let index = 0; index < count; index++) {
    const seeds = drawn(network.random, count, bootstrapCount, index).map((other) => `sim://node-${other + 1}`);
    await network.createNode({ seeds });
  }
  const formSeconds = await cpuSeconds(async () => {
    await network.start(...network.nodes);
    await converge(network);
  });
  const idleSeconds = await cpuSeconds(() => network.run(idleMs));
  globalThis.gc();
  return { form: formSeconds, idle: idleSeconds, rss: process.memoryUsage.rss() / 2 ** 20 };
}

/** Bytes of syncs, for each node and second, in a network of constant links whose round trips vary. */
async function quiet({ count, links, latencyMs, jitterMs, restMs, ms }) {
  const network = new SimulatedNetwork({ seed: 1, latencyMs, jitterMs, traceEventsMax: 1 });
  for (const seeds of drawnEdges(network.random, count, links)) {
    // No address book: it would add links of its own.
    await network.createNode({
      builtins: ['handshake', 'router-sync', 'rpc'],
      seeds: seeds.map((other) => `sim://node-${other + 1}`),
      connections: { max: count },
    });
  }
  await network.start(...network.nodes);
  await converge(network);
  await network.run(restMs);
  const before = syncBytes(network);
  await network.run(ms);
  return (syncBytes(network) - before) / count / (ms / 1_000);
}

function syncBytes({ nodes }) {
  return nodes.reduce((sum, node) => {
    const { bytesSent, syncsSent } = node.behavior(RouterSyncBehavior).counters;
    return sum + bytesSent + FRAME_BYTES * syncsSent;
  }, 0);
}

/** Until each of a thousand pairs has a route. */
async function converge(network) {
  const { nodes, random } = network;
  const any = () => nodes[Math.floor(random.float() * nodes.length)];
  const pairs = Array.from({ length: PAIRS }, () => [any(), any()]);
  while (!pairs.every(([from, to]) => from === to || from.router.pathToNode(to.id).type === 'next')) {
    if (network.nowMs > FORM_MS_MAX) throw new Error('the network does not form');
    await network.run(STEP_MS);
  }
}

/** So many different numbers below `count`, none of which is `but`. */
function drawn(random, count, howMany, but) {
  const numbers = new Set();
  while (numbers.size < howMany) {
    const number = Math.floor(random.float() * count);
    if (number !== but) numbers.add(number);
  }
  return [...numbers];
}

/** Who dials whom: in one piece, `links` ends for each node on average, no pair twice. */
function drawnEdges(random, count, links) {
  const dials = Array.from({ length: count }, () => []);
  const below = (bound) => Math.floor(random.float() * bound);
  const add = (from, to) => {
    if (from === to || dials[from].includes(to) || dials[to].includes(from)) return false;
    dials[from].push(to);
    return true;
  };
  let edges = 0;
  for (let index = 1; index < count; index++) if (add(index, below(index))) edges++;
  while (edges < (count * links) / 2) if (add(below(count), below(count))) edges++;
  return dials;
}

async function cpuSeconds(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

serveTasks({ connects, mesh, quiet });
