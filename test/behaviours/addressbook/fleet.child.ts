/**
 * @module A process of a fleet: it hosts nodes, starts and kills them as its parent says, tells whom each is connected to, and what is left
 * in the process. A kill closes the sockets without a word, as the end of a process would. It says `changed` whenever what it would tell
 * may have changed.
 */
import { createHook } from 'node:async_hooks';
import { join } from 'node:path';
import { createNode, type MeshNode } from '../../../index.js';
import { answerQuestions } from '../../security/children.js';
import type { FleetStart, FleetState } from './fleet.js';

const [folder = ''] = process.argv.slice(2);
const nodes = new Map<number, MeshNode>();
/** What makes a mesh; tables that learn over hops have nothing to learn in a full one. */
const BUILTINS = ['handshake', 'addressbook', 'rpc'] as const;
/** All of them come from one address. */
const LIMITS = { pendingPerAddressMax: 256, pendingConnectionsMax: 256 };
/** Timers, also those that keep no process alive; sockets; files at work. */
const KINDS: ReadonlySet<string> = new Set(['Timeout', 'TCPWRAP', 'TCPSERVERWRAP', 'FSREQCALLBACK', 'FSREQPROMISE']);
const resources = new Map<number, string>();
createHook({
  init: (id, type) => void (KINDS.has(type) && resources.set(id, type)),
  destroy: (id) => void (resources.delete(id) && changed()),
}).enable();
let isTold = true;

/** Tells the parent, once for all that happens in this turn. */
function changed(): void {
  if (isTold) setImmediate(tell);
  isTold = false;
}

function tell(): void {
  isTold = true;
  process.send?.({ event: 'changed' });
}

const socketCount = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;

async function start({ index, listen, seeds, connections }: FleetStart): Promise<{ readonly id: string; readonly address: string }> {
  const memory = { identity: join(folder, `${index}.key`), dataDirectory: join(folder, `${index}`) };
  const node = await createNode({ ...memory, listen: [listen], seeds, connections, limits: LIMITS, logger: 'silent', builtins: BUILTINS });
  nodes.set(index, node);
  node.on('connected', changed);
  node.on('disconnected', changed);
  await node.start();
  return { id: node.id, address: `${node.addresses[0]}` };
}

function kill(index: number): void {
  nodes.get(index)?.kill();
  nodes.delete(index);
}

function state(): FleetState {
  const peers = [...nodes.values()].map((node) => node.connections().map(({ nodeId }) => nodeId));
  const { user, system } = process.cpuUsage();
  return {
    nodes: nodes.size,
    ends: peers.reduce((sum, { length }) => sum + length, 0),
    doubles: peers.filter((ids) => new Set(ids).size < ids.length).length,
    sockets: socketCount(),
    dials: [...nodes.values()].reduce((sum, node) => sum + (node.metrics()['dials_total'] as number), 0),
    cpuMs: (user + system) / 1_000,
  };
}

async function stop(): Promise<void> {
  await Promise.all([...nodes.values()].map((node) => node.stop()));
  nodes.clear();
}

/** Timers, and what keeps the process alive, but for the channel to the parent. */
function left(): readonly string[] {
  const active = process.getActiveResourcesInfo().filter((name) => !['PipeWrap', 'Immediate', 'Timeout'].includes(name));
  return [...active, ...[...resources.values()].filter((type) => type === 'Timeout')];
}

answerQuestions({ start, kill, state, stop, left }, () => process.exit());
