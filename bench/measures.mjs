/**
 * @module Measures: what is measured, each as one run with fresh processes, a server and a client. A run answers one number; `better`
 * says which way is up.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PEER = fileURLToPath(new URL('./peer.mjs', import.meta.url));
const IDLE_CONNECTIONS = 1_000;

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
  { name: 'memory per idle connection', unit: 'KiB', better: 'lower', run: idleMemory },
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

function connections(parallel, connectionCount) {
  const run = (contender, scale) =>
    withPeers(contender, { name: 'echo' }, async ({ client }) => {
      const count = Math.round(connectionCount * scale);
      // Much code runs once per connection, and is compiled after some 2,000 of them. They stay open until the time is taken.
      const { seconds } = await client.ask({ type: 'connections', count, parallel, warmUp: 3 * count });
      return count / seconds;
    });
  return { name: `fresh connections, ${parallel} at a time`, unit: 'connections/s', better: 'higher', run };
}

/** What the server's resident memory grows by, per connection. */
function idleMemory(contender) {
  return withPeers(contender, { name: 'echo' }, async ({ server, client }) => {
    await client.ask({ type: 'idle', count: 50 });
    const before = await server.ask({ type: 'memory' });
    await client.ask({ type: 'idle', count: IDLE_CONNECTIONS });
    const after = await server.ask({ type: 'memory' });
    return (after.rss - before.rss) / IDLE_CONNECTIONS / 1_024;
  });
}

async function withPeers(contender, mode, work, isPinned = false) {
  const server = new Peer(contender, isPinned);
  const client = new Peer(contender, isPinned);
  try {
    server.send({ ...mode, type: 'serve' });
    const { port } = await server.next('listening');
    await client.ask({ type: 'connect', port });
    return await work({ server, client });
  } finally {
    await Promise.all([server.end(), client.end()]);
  }
}

/** A child process that takes tasks and answers with messages. */
class Peer {
  #child;
  #waiting = [];
  #inbox = [];
  #ended;

  constructor(contender, isPinned) {
    const command = [process.execPath, '--expose-gc', PEER, contender];
    const [file, ...args] = isPinned ? ['taskset', '-c', '0', ...command] : command;
    this.#child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (message) => this.#take(message));
    this.#ended = new Promise((resolve) => this.#child.on('exit', resolve));
  }

  send(task) {
    this.#child.send(task);
  }

  async ask(task) {
    this.send(task);
    return this.next('done');
  }

  /** The next message of that type; a process that ends instead is an error. */
  next(type) {
    const index = this.#inbox.findIndex((message) => message.type === type);
    if (index >= 0) return Promise.resolve(this.#inbox.splice(index, 1)[0]);
    const ended = this.#ended.then((code) => {
      throw new Error(`a peer ended with ${code} instead of saying ${type}`);
    });
    return Promise.race([new Promise((resolve) => this.#waiting.push({ type, resolve })), ended]);
  }

  async end() {
    this.#child.removeAllListeners('message');
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
  }

  #take(message) {
    const index = this.#waiting.findIndex(({ type }) => type === message.type);
    if (index >= 0) this.#waiting.splice(index, 1)[0].resolve(message);
    else this.#inbox.push(message);
  }
}
