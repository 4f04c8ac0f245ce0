/**
 * @module The command `run`: a node as a process, from a file, from flags, or from both. It opens a control socket, and ends in order with a
 * signal or with `meshwright stop`. What a node is made of is checked by `createNode` itself.
 */
import { createNode, type MeshNode } from '../../index.js';
import { controlPathOf } from '../../operation/control/socket-path.js';
import { type OperationServer, serveOperation } from '../../operation/index.js';
import type { CommandRow } from './row.js';
import { nodeOptionsOf, type RunSettings, settingsOf } from './run-settings.js';
import { EXIT, type Terminal } from './terminal.js';
import { listed, oneOf, whole } from './values.js';

const POLL_MS = 100;
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

export const run: CommandRow = {
  name: 'run',
  help: 'run a node from a JSON file, from flags, or from both: a flag goes before the file',
  options: [
    { flags: '--config <file>', help: 'options of createNode as JSON; paths in it are relative to the file' },
    { flags: '--identity <file>', help: 'the key file, made if there is none (default: node.key in --data, else a fresh identity)' },
    { flags: '--data <directory>', help: 'where the node keeps its files' },
    { flags: '--listen <address>', help: 'where to accept connections; may be repeated', read: listed },
    { flags: '--announce <address>', help: 'where others reach it, if not there; may be repeated', read: listed },
    { flags: '--seed <address>', help: 'a node to stay connected to; may be repeated', read: listed },
    { flags: '--network <name>', help: 'the name of the space (default: public)' },
    { flags: '--network-key-file <path>', help: 'a file with the 32 bytes of a private space, as 64 hex digits' },
    { flags: '--behavior <module[#export]>', help: 'a module with behaviours; may be repeated', read: listed },
    { flags: '--router <name>', help: 'path-vector (default), direct, layered, overlay, or module#export' },
    { flags: '--log-level <level>', help: LEVELS.join(', '), read: oneOf('--log-level', LEVELS) },
    { flags: '--lan', help: 'find nodes on the local network' },
    { flags: '--control <path>', help: 'where the control socket is' },
    { flags: '--no-control', help: 'open no control socket' },
    { flags: '--allow <what>', help: 'what the control socket allows: call, stop; may be repeated', read: listed },
    { flags: '--operation <[host:]port>', help: 'serve metrics and health over HTTP' },
    { flags: '--drain <ms>', help: 'how long calls in work may go on at the end', read: whole('--drain', 0, 86_400_000) },
  ],
  run: async (terminal, options) => {
    const settings = settingsOf(options);
    const node = await createNode(await nodeOptionsOf(settings));
    const operation = await served(node, settings);
    try {
      await node.start();
      announce(terminal, node, { socket: socketOf(node, settings), operation: operation?.url });
      await untilStopped(node, settings.drainMs);
    } finally {
      await node.stop();
      await operation?.close();
    }
    terminal.show({ event: 'stopped', nodeId: node.id }, ['stopped']);
    return EXIT.ok;
  },
};

async function served(node: MeshNode, { operation }: RunSettings): Promise<OperationServer | undefined> {
  if (operation === undefined) return undefined;
  try {
    return await serveOperation(node, operation);
  } catch (error) {
    await node.stop();
    throw error;
  }
}

interface Places {
  readonly socket: string | undefined;
  readonly operation: string | undefined;
}

function announce(terminal: Terminal, node: MeshNode, { socket, operation }: Places): void {
  const addresses = node.addresses.map(String);
  terminal.show({ event: 'started', nodeId: node.id, addresses, socket, operation }, [
    `node ${node.id}`,
    `listening at ${addresses.join(', ') || 'no address'}`,
    ...(socket === undefined ? [] : [`control socket at ${socket}`]),
    ...(operation === undefined ? [] : [`metrics at ${operation}/metrics`]),
  ]);
}

/** Where the control socket is, if there is one. */
function socketOf({ id }: MeshNode, { given: { control, dataDirectory } }: RunSettings): string | undefined {
  const { path } = Object(control) as { readonly path?: string };
  return control === undefined ? undefined : controlPathOf(path, { nodeId: id, dataDirectory: dataDirectory as string | undefined });
}

/** Resolves when the node has stopped: by the first signal, or over its control socket. A second signal ends the drain, a third the process. */
async function untilStopped(node: MeshNode, drainMs: number): Promise<void> {
  let count = 0;
  const stop = () => {
    count++;
    if (count > 2) process.exit(EXIT.failed);
    void node.stop({ drainMs: count === 1 ? drainMs : 0 });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  while (node.state !== 'stopped') await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  await node.stop();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
}
