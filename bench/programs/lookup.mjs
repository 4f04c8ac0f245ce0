/**
 * @module Lookup: what the default table costs for a message when it knows 2,000 nodes. It learns them from one neighbour, by real syncs.
 */
import { load } from './checkout.mjs';
import { serveTasks } from './tasks.mjs';

const { PathVectorRouter } = await load('routing/index.js');

const NODES = 2_000;
const SYNCS_MAX = 1_000;
const BURST = 10_000;
const METRIC = { rttMs: 10, lossRatio: 0, bandwidth: undefined };

function learned() {
  const random = seeded(1);
  const ids = Array.from({ length: NODES }, () => Array.from({ length: 64 }, () => Math.floor(random() * 16).toString(16)).join(''));
  const [self, hub, ...others] = ids;
  const [table, neighbour] = [new PathVectorRouter(), new PathVectorRouter()];
  table.attach(self);
  neighbour.attach(hub);
  others.forEach((id, index) => {
    neighbour.linkUp(index + 10, id);
    neighbour.linkMetric(index + 10, METRIC);
  });
  table.linkUp(1, hub);
  neighbour.linkUp(1, self);
  for (let round = 0; round < SYNCS_MAX && table.size().nodeCount < NODES; round++) {
    syncTo(neighbour, table, hub);
    syncTo(table, neighbour, self);
  }
  return { table, ids: others };
}

function syncTo(to, from, toId) {
  const sync = from.createSync(toId);
  if (sync !== undefined) to.applySync(1, METRIC, sync);
}

/** Every node is asked for, one after another; nanoseconds for each. */
function timed(ms, keys, ask) {
  const startedMs = performance.now();
  let count = 0;
  while (performance.now() < startedMs + ms) {
    for (let at = 0; at < BURST; at++)
      if (ask(keys[(count + at) % keys.length]).type !== 'next') throw new Error('the table does not know it');
    count += BURST;
  }
  return ((performance.now() - startedMs) * 1e6) / count;
}

function seeded(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

serveTasks({
  lookups({ warmUpMs, ms }) {
    const { table, ids } = learned();
    // Keys that lie beside the nodes.
    const keys = ids.map((id) => id.slice(0, 60) + [...id.slice(60)].reverse().join(''));
    const nsOf = (names, ask) => {
      timed(warmUpMs, names, ask);
      return timed(ms, names, ask);
    };
    return { node: nsOf(ids, (id) => table.pathToNode(id)), key: nsOf(keys, (key) => table.pathToKey(key)) };
  },
});
