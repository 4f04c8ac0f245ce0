/**
 * @module The command `bench`: what this machine does with two nodes in two processes over loopback, through the public API. For an impression; the
 * project's measurements beside others are in `bench/`.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createNode, type MeshNode, type NodeId, toNode } from '../../index.js';
import { measureCalls } from '../measure.js';
import { BenchEcho } from './bench-echo.js';
import type { CommandRow } from './row.js';
import { EXIT, type Terminal } from './terminal.js';
import { msText, whole } from './values.js';

const PEER = fileURLToPath(new URL('./bench-peer.js', import.meta.url));
const OUTSTANDING = 64;
const SERVICE = BenchEcho.behavior.serviceId;

export const bench: CommandRow = {
  name: 'bench',
  help: 'measure calls and messages between two nodes in two processes on this machine',
  options: [
    { flags: '-b, --bytes <number>', help: 'of a message and of a call', read: whole('--bytes', 1, 65_536), initial: 64 },
    { flags: '-c, --calls <number>', help: 'how many calls', read: whole('--calls', 100, 10_000_000), initial: 30_000 },
    { flags: '-n, --messages <number>', help: 'how many messages', read: whole('--messages', 1, 100_000_000), initial: 500_000 },
  ],
  run: async (terminal, options) => {
    const { bytes, calls, messages } = options as { bytes: number; calls: number; messages: number };
    const peer = fork(PEER, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const node = await createNode({ behaviors: [BenchEcho], logger: 'silent' });
    try {
      const [address] = (await Promise.race([once(peer, 'message'), failedStart(peer)])) as [string];
      await node.start();
      const { nodeId } = await node.connect(address);
      await measured(terminal, node, { nodeId, bytes, calls, messages });
      return EXIT.ok;
    } finally {
      await node.stop();
      if (peer.connected) peer.disconnect();
    }
  },
};

interface Plan {
  readonly nodeId: NodeId;
  readonly bytes: number;
  readonly calls: number;
  readonly messages: number;
}

async function measured(terminal: Terminal, node: MeshNode, { nodeId, bytes, calls: concurrentCalls, messages }: Plan): Promise<void> {
  const client = node.client(BenchEcho, toNode(nodeId));
  const payload = new Uint8Array(bytes);
  const plan = {
    warmUp: Math.min(1_000, concurrentCalls),
    calls: Math.ceil(concurrentCalls / 6),
    outstanding: OUTSTANDING,
    concurrentCalls,
  };
  terminal.progress('calls …');
  const calls = await measureCalls(() => client.echo(payload), plan);
  terminal.progress('messages …');
  const warmUp = Math.min(50_000, messages);
  await sendAll(node, nodeId, payload, warmUp);
  await client.received();
  const beganMs = performance.now();
  await sendAll(node, nodeId, payload, messages, (sent) => terminal.progress(`messages … ${Math.round((sent / messages) * 100)} %`));
  const received = await client.received();
  const messagesPerSecond = (messages * 1_000) / (performance.now() - beganMs);
  const wanted = messages + warmUp;
  if (received !== wanted) throw new Error(`${wanted - received} of ${wanted} messages were lost`);
  terminal.show({ bytes, ...calls, messagesPerSecond }, [
    `calls of ${bytes} B, one after another: p50 ${msText(calls.p50Ms)}, p99 ${msText(calls.p99Ms)}`,
    `calls of ${bytes} B, ${OUTSTANDING} at once: ${rateText(calls.callsPerSecond)}/s`,
    `messages of ${bytes} B: ${rateText(messagesPerSecond)}/s, ${((messagesPerSecond * bytes) / 1e6).toFixed(1)} MB/s`,
  ]);
}

/** The connection keeps their order: an answer to a later call says that all have arrived. */
async function sendAll(
  node: MeshNode,
  nodeId: NodeId,
  payload: Uint8Array,
  count: number,
  progress?: (sent: number) => void,
): Promise<void> {
  const route = toNode(nodeId);
  for (let sent = 0; sent < count; ) {
    if (node.send(route, SERVICE, payload) === 'queued') sent++;
    else {
      progress?.(sent);
      await node.writable(route);
    }
  }
}

async function failedStart(peer: ReturnType<typeof fork>): Promise<never> {
  const [code] = (await once(peer, 'exit')) as [number | null];
  throw new Error(`the other process of the bench ended with ${code}`);
}

function rateText(perSecond: number): string {
  return Math.round(perSecond).toLocaleString('en');
}
