/**
 * @module Routing: what the default table costs for each message with 2,000 nodes known, and what a relay costs. Only Meshwright has these.
 */
import { fileURLToPath } from 'node:url';
import { PathVectorRouter } from '../dist/routing/index.js';
import { Peer } from './processes.mjs';

const NODES = 2_000;
const LOOKUPS = 2_000_000;
const RELAYED = 600_000;
const SIZE = 64;
const RELAY_PEER = fileURLToPath(new URL('./relay-peer.mjs', import.meta.url));

export const ROUTING_MEASURES = [
  lookup('pathToNode', (table, id) => table.pathToNode(id)),
  lookup('pathToKey', (table, id) => table.pathToKey(id)),
  routed('direct', false),
  routed('over one relay', true),
];

/** Every other node is asked for, one after another; keys lie beside them. */
function lookup(name, ask) {
  const run = (_contender, scale) => {
    const { table, ids } = knowing(NODES);
    const keys = name === 'pathToKey' ? ids.map((id) => id.slice(0, 60) + [...id.slice(60)].reverse().join('')) : ids;
    const count = Math.round(LOOKUPS * scale);
    let found = 0;
    const ask1 = (times) => {
      for (let at = 0; at < times; at++) if (ask(table, keys[at % keys.length]).type === 'next') found++;
    };
    ask1(count / 4);
    const startedMs = performance.now();
    ask1(count);
    const ns = ((performance.now() - startedMs) * 1e6) / count;
    if (found < count) throw new Error('the table does not know them');
    return ns;
  };
  return { name: `${name}, ${NODES.toLocaleString('en')} nodes known`, unit: 'ns', better: 'lower', only: ['meshwright'], run };
}

/** A table that has learned all nodes from one neighbour, by the syncs of a real one. */
function knowing(count) {
  const random = seeded(1);
  const ids = Array.from({ length: count }, () => Array.from({ length: 64 }, () => Math.floor(random() * 16).toString(16)).join(''));
  const [self, hub] = ids;
  const metric = { rttMs: 10, lossRatio: 0, bandwidth: undefined };
  const [table, neighbour] = [new PathVectorRouter(), new PathVectorRouter()];
  table.attach(self);
  neighbour.attach(hub);
  ids.slice(2).forEach((id, index) => {
    neighbour.linkUp(index + 10, id);
    neighbour.linkMetric(index + 10, metric);
  });
  table.linkUp(1, hub);
  neighbour.linkUp(1, self);
  for (let round = 0; round < 1_000 && table.size().nodeCount < count; round++) {
    for (const [from, to, id] of [
      [table, neighbour, hub],
      [neighbour, table, self],
    ]) {
      const sync = from.createSync(id);
      if (sync !== undefined) to.applySync(1, metric, sync);
    }
  }
  return { table, ids: ids.slice(2) };
}

/**
 * Messages for a node by its id, all processes on one core: what counts is the work, not how many cores share it. The time is that in which
 * they worked, user and system: others may use the core, too.
 */
function routed(name, isRelayed) {
  const run = async (_contender, scale) => {
    const peers = ['sink', ...(isRelayed ? ['relay'] : []), 'source'].map((role) => new Peer(RELAY_PEER, role, true));
    try {
      const ready = [];
      for (const peer of peers) ready.push(await peer.next('ready'));
      for (let at = 1; at < peers.length; at++) await peers[at].ask({ type: 'connect', port: ready[at - 1].port });
      const [sink, source] = [peers[0], peers.at(-1)];
      await source.ask({ type: 'find', id: ready[0].id });
      await sink.ask({ type: 'find', id: ready.at(-1).id });
      const messages = Math.round(RELAYED * scale);
      const pump = async () => {
        sink.send({ type: 'expect', messages });
        source.send({ type: 'pump', id: ready[0].id, size: SIZE, messages });
        await sink.next('sunk');
      };
      await pump();
      const workedBefore = await worked(peers);
      await pump();
      return (messages * 1e6) / ((await worked(peers)) - workedBefore);
    } finally {
      await Promise.all(peers.map((peer) => peer.end()));
    }
  };
  return { name: `routed ${SIZE} B, ${name}, one core`, unit: 'messages/s', better: 'higher', only: ['meshwright'], run };
}

/** Microseconds of CPU that they have used. */
async function worked(peers) {
  let sum = 0;
  for (const peer of peers) {
    peer.send({ type: 'usage' });
    sum += (await peer.next('usage')).cpuMicros;
  }
  return sum;
}

function seeded(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
