/**
 * @module Measures: what is measured, each as one run with fresh processes, a server and a client. A run answers one number; `better`
 * says which way is up, `only` which contenders have it.
 */
import { fileURLToPath } from 'node:url';
import { Peer } from './processes.mjs';
import { ROUTING_MEASURES } from './routing.mjs';

const PEER = fileURLToPath(new URL('./peer.mjs', import.meta.url));
const IDLE_CONNECTIONS = 1_000;
/** Much code runs once per connection, and is compiled after some 2,000 of them, whatever the scale. */
const WARM_UP_CONNECTIONS = 3_000;
const ENDPOINTS = 1_000;

export const MEASURES = [
  throughput(64, 6_000_000, 'messages/s'),
  throughput(1_024, 1_000_000, 'messages/s'),
  throughput(65_536, 20_000, 'MB/s'),
  roundTrip('p50', false),
  roundTrip('p99', false),
  roundTrip('p50', true),
  roundTrip('p99', true),
  requests(256),
  connections(1, 1_000),
  connections(32, 1_000),
  joiners(300),
  { name: 'create and start, without listening', unit: 'µs', better: 'lower', only: ['tls', 'meshwright'], run: creation },
  { name: 'memory per idle connection', unit: 'KiB', better: 'lower', run: idleMemory },
  ...ROUTING_MEASURES,
];

function throughput(size, messages, unit) {
  const run = async (contender, scale) => {
    const count = Math.max(1_000, Math.round(messages * scale));
    return withPeers(contender, { name: 'sink', messages: count }, async ({ server, client }) => {
      client.send({ type: 'pump', size, messages: count });
      await server.next('sunk');
      // The first pass warms both sides up.
      client.send({ type: 'pump', size, messages: count });
      const { seconds } = await server.next('sunk');
      return unit === 'MB/s' ? (count * size) / seconds / 1e6 : count / seconds;
    });
  };
  return { name: `throughput ${size} B`, unit, better: 'higher', run };
}

function roundTrip(share, isPinned) {
  const run = (contender, scale) =>
    withPeers(
      contender,
      { name: 'echo' },
      async ({ client }) => (await client.ask({ type: 'roundTrips', size: 64, count: Math.round(30_000 * scale), warmUp: 5_000 }))[share],
      isPinned,
    );
  return { name: `round trip ${share}${isPinned ? ', one core' : ''}`, unit: 'µs', better: 'lower', run };
}

function requests(outstanding) {
  const run = (contender, scale) =>
    withPeers(contender, { name: 'echo' }, async ({ client }) => {
      const count = Math.round(100_000 * scale);
      const { seconds } = await client.ask({ type: 'requests', count, outstanding, warmUp: Math.round(count / 4) });
      return count / seconds;
    });
  return { name: `requests, ${outstanding} outstanding`, unit: 'requests/s', better: 'higher', run };
}

/** Secured links and nothing that a mesh does over them: as many nodes at one node would tell each other of all the others. */
function connections(parallel, connectionCount) {
  const run = (contender, scale) => fresh(contender, Math.round(connectionCount * scale), parallel, true, WARM_UP_CONNECTIONS);
  return { name: `fresh connections, ${parallel} at a time`, unit: 'connections/s', better: 'higher', run };
}

/** Nodes with everything that runs by default, which all learn of all the others. */
function joiners(nodeCount) {
  const run = (contender, scale) => fresh(contender, Math.round(nodeCount * scale), 1, false, Math.round(3 * nodeCount * scale));
  return { name: `nodes that join one by one`, unit: 'nodes/s', better: 'higher', only: ['meshwright'], run };
}

function fresh(contender, count, parallel, isPlain, warmUp) {
  return withPeers(contender, { name: 'echo', isPlain }, async ({ client }) => {
    // They stay open until the time is taken.
    const { seconds } = await client.ask({ type: 'connections', count, parallel, warmUp });
    return count / seconds;
  });
}

/** What an application waits for before it can dial: for a server of sockets, or a node. */
async function creation(contender, scale) {
  const peer = new Peer(PEER, contender, false);
  try {
    const { p50 } = await peer.ask({ type: 'endpoints', count: Math.round(ENDPOINTS * scale), warmUp: 2 * ENDPOINTS });
    return p50;
  } finally {
    await peer.end();
  }
}

/** What the server's resident memory grows by, per connection. */
function idleMemory(contender) {
  return withPeers(contender, { name: 'echo', isPlain: true }, async ({ server, client }) => {
    await client.ask({ type: 'idle', count: 50 });
    const before = await server.ask({ type: 'memory' });
    await client.ask({ type: 'idle', count: IDLE_CONNECTIONS });
    const after = await server.ask({ type: 'memory' });
    return (after.rss - before.rss) / IDLE_CONNECTIONS / 1_024;
  });
}

async function withPeers(contender, mode, work, isPinned = false) {
  const server = new Peer(PEER, contender, isPinned);
  const client = new Peer(PEER, contender, isPinned);
  try {
    server.send({ ...mode, type: 'serve' });
    const { port } = await server.next('listening');
    await client.ask({ type: 'connect', port, isPlain: mode.isPlain });
    return await work({ server, client });
  } finally {
    await Promise.all([server.end(), client.end()]);
  }
}
