/**
 * @module NATS: two clients of one nats-server, which the server's process starts. Nothing is encrypted. Its idle memory is the
 * nats-server's.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { connect } from '@nats-io/transport-node';

export const supports = ['send', 'call', 'newcomers', 'idle', 'topics'];

const PROGRAM = 'nats-server';
const LISTENING = /Listening for client connections on 127\.0\.0\.1:(\d+)/;
const MESSAGES = 'bench.messages';
const CALLS = 'bench.calls';
/** The client queues without bound; after so many bytes it asks whether the nats-server has them. */
const FLUSH_BYTES = 1_048_576;
const KIBIBYTE = 1_024;

/** Why it takes no part, if it cannot. */
export function absence() {
  try {
    execFileSync(PROGRAM, ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return `${PROGRAM} is not installed (Debian: apt install nats-server)`;
  }
}

const startBroker = () => spawn(PROGRAM, ['-a', '127.0.0.1', '-p', '-1'], { stdio: ['ignore', 'ignore', 'pipe'] });

export async function openServer(onMessage) {
  const broker = startBroker();
  const port = await portOf(broker);
  const client = await connect({ servers: `127.0.0.1:${port}` });
  client.subscribe(MESSAGES, { callback: (_error, { data }) => onMessage(data) });
  client.subscribe(CALLS, { callback: (_error, message) => message.respond(message.data) });
  await client.flush();
  return {
    address: port,
    residentBytes: () => KIBIBYTE * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${broker.pid}/status`, 'utf8'))[1]),
    async close() {
      broker.kill();
      await once(broker, 'exit');
    },
  };
}

async function portOf(broker) {
  const lines = createInterface({ input: broker.stderr });
  for await (const line of lines) {
    const port = LISTENING.exec(line)?.[1];
    if (port === undefined) continue;
    broker.stderr.resume();
    return port;
  }
  throw new Error(`${PROGRAM} does not listen`);
}

/** Publishes; undefined, or a promise to wait for. */
function publisherOver(client) {
  let unflushed = 0;
  return (payload) => {
    client.publish(MESSAGES, payload);
    unflushed += payload.length;
    if (unflushed < FLUSH_BYTES) return undefined;
    unflushed = 0;
    return client.flush();
  };
}

/** The broker is in a process of its own, beside the publisher's. A subscriber has subscribed when its `flush` is answered. */
export async function openPublisher() {
  const broker = startBroker();
  const port = await portOf(broker);
  const client = await connect({ servers: `127.0.0.1:${port}` });
  return {
    address: port,
    ready: () => {},
    publish: publisherOver(client),
    async close() {
      broker.kill();
      await once(broker, 'exit');
    },
  };
}

export async function openSubscriber(port, onMessage) {
  const client = await connect({ servers: `127.0.0.1:${port}` });
  client.subscribe(MESSAGES, { callback: (_error, { data }) => onMessage(data) });
  await client.flush();
}

export async function openClient(port) {
  const client = await connect({ servers: `127.0.0.1:${port}` });
  return {
    send: publisherOver(client),
    call: async (payload) => (await client.request(CALLS, payload, { timeout: 30_000 })).data,
    close: () => client.close(),
  };
}
