/**
 * @module Nodes: which running node a command talks to. `--control` names its socket, `--data` its data directory; without either, the one in the
 * user's folder of sockets is taken if it is the only one. `--seed` starts a node for the command, if no running one is named.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNode, type MeshNode, NetworkError, shortId } from '../../index.js';
import { ControlClient, pathInData, sharedSockets } from '../../operation/index.js';
import type { OptionRow, OptionValues } from './row.js';
import { type Terminal, UsageError } from './terminal.js';
import { listed, whole } from './values.js';

export const CONTROL_OPTIONS: readonly OptionRow[] = [
  { flags: '--control <path>', help: 'the control socket of the node' },
  { flags: '--data <directory>', help: 'the data directory of the node, in which its socket is' },
];

export const SPACE_OPTIONS: readonly OptionRow[] = [
  { flags: '--network <name>', help: 'the name of the space (default: public)' },
  { flags: '--network-key-file <path>', help: 'a file with the 32 bytes of a private space, as 64 hex digits' },
];

export const SEED_OPTIONS: readonly OptionRow[] = [
  ...CONTROL_OPTIONS,
  { flags: '--seed <address>', help: 'start a node for this command and connect it there; may be repeated', read: listed },
  ...SPACE_OPTIONS,
];

export const TIMEOUT_OPTION: OptionRow = {
  flags: '--timeout <ms>',
  help: 'how long an answer may take, up to 9500 ms',
  read: whole('--timeout', 1, 9_500),
  initial: 5_000,
};

/** A node that a command talks to. */
export interface OpenNode {
  readonly client: ControlClient;
  /** The node that was started for the command. */
  readonly own: MeshNode | undefined;
  close(): Promise<void>;
}

/** Runs work with the node that the options name. */
export async function withNode(terminal: Terminal, options: OptionValues, work: (node: OpenNode) => Promise<number>): Promise<number> {
  const node = await openNode(terminal, options);
  try {
    return await work(node);
  } finally {
    await node.close();
  }
}

export async function openNode(terminal: Terminal, options: OptionValues): Promise<OpenNode> {
  const { control, data, seed } = options as { control?: string; data?: string; seed?: readonly string[] };
  if (control !== undefined && data !== undefined) throw new UsageError('--control and --data name two nodes; give one of them');
  const named = control ?? (data === undefined ? undefined : pathInData(data));
  if (named !== undefined && seed !== undefined)
    throw new UsageError('--seed starts a node, --control and --data name one that runs; give one of them');
  if (seed !== undefined) return startOwn(terminal, seed, options);
  const client = await ControlClient.connect(named ?? (await onlySocket()));
  return { client, own: undefined, close: async () => client.close() };
}

/** The 32 bytes of a private space, from their file. */
export function networkKeyOf(path: string): Uint8Array {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    throw new UsageError(`the network key file ${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  const digits = text.trim();
  if (!/^[0-9a-f]{64}$/i.test(digits)) throw new UsageError(`the network key file ${path} must have 64 hex digits and nothing else`);
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

/** The space that the options name, for `createNode`. */
export function spaceOf(options: OptionValues): { readonly network?: string; readonly networkKey?: Uint8Array } {
  const { network, networkKeyFile } = options as { network?: string; networkKeyFile?: string };
  return {
    ...(network !== undefined && { network }),
    ...(networkKeyFile !== undefined && { networkKey: networkKeyOf(networkKeyFile) }),
  };
}

/** Throws when there is none, or when there are several that run: they are listed. */
async function onlySocket(): Promise<string> {
  const paths = sharedSockets();
  const [first] = paths;
  if (paths.length === 1 && first !== undefined) return first;
  const found = (await Promise.all(paths.map(lookAt))).filter((one) => one !== undefined);
  const [only] = found;
  if (found.length === 1 && only !== undefined) return only.path;
  if (found.length === 0) {
    const text = 'no node of yours runs with a control socket in your folder for them; name one with --control or --data';
    throw new NetworkError('CONTROL_UNAVAILABLE', text);
  }
  const list = found.map(({ path, what }) => `  --control ${path}  ${what}`).join('\n');
  throw new UsageError(`${found.length} nodes run here; choose one:\n${list}`);
}

/** What a socket leads to; `undefined` when nobody listens there any more. */
async function lookAt(path: string): Promise<{ readonly path: string; readonly what: string } | undefined> {
  try {
    const client = await ControlClient.connect(path);
    client.close();
    const { nodeId, pid } = client.node;
    return { path, what: `node ${shortId(nodeId as never)}, process ${pid}` };
  } catch (error) {
    if (error instanceof NetworkError && error.code === 'CONTROL_UNAVAILABLE') return undefined;
    return { path, what: 'does not answer' };
  }
}

/** A node without files that is connected to a seed, and is gone with the command. */
async function startOwn(terminal: Terminal, seeds: readonly string[], options: OptionValues): Promise<OpenNode> {
  const space = spaceOf(options);
  const directory = mkdtempSync(join(tmpdir(), 'meshwright-'));
  const path = join(directory, 'control.sock');
  let node: MeshNode | undefined;
  const close = async () => {
    try {
      await node?.stop();
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };
  try {
    node = await createNode({ ...space, logger: 'silent', control: { path, allow: ['call'] } });
    await node.start();
    if (options.unconnected !== true) await connectToOne(terminal, node, seeds);
    const client = await ControlClient.connect(path);
    return {
      client,
      own: node,
      close: async () => {
        client.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Rejects with the reason of the last one when none can be connected. */
async function connectToOne(terminal: Terminal, node: MeshNode, seeds: readonly string[]): Promise<void> {
  let last: unknown;
  for (const seed of seeds) {
    terminal.progress(`connecting to ${seed} …`);
    try {
      await node.connect(seed, { timeoutMs: 10_000 });
      return;
    } catch (error) {
      last = error;
    }
  }
  throw last;
}
