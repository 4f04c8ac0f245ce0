/** @module The commands `keygen` and `id`: key files, the keys of private spaces, and who a node is. */
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { createNode, NetworkError } from '../../index.js';
import { CONTROL_OPTIONS, withNode } from './nodes.js';
import type { CommandRow } from './row.js';
import { EXIT, UsageError } from './terminal.js';

const NETWORK_KEY_BYTES = 32;

export const keygen: CommandRow = {
  name: 'keygen',
  parameters: ['<file>'],
  help: 'make a key file, which is the identity of a node, readable by you alone; a file that is there is never replaced',
  options: [{ flags: '--network', help: 'make the key of a private space instead, for --network-key-file' }],
  run: async (terminal, { network }, [file = '']) => {
    if (existsSync(file))
      throw keyError(`${file} is there already; it is not replaced`, 'Give another name, or use the key that is there.');
    if (network === true) {
      writeFileSync(file, `${randomBytes(NETWORK_KEY_BYTES).toString('hex')}\n`, { flag: 'wx', mode: 0o600 });
      terminal.show({ file }, [`wrote the key of a private space to ${file}`]);
      return EXIT.ok;
    }
    const nodeId = await idIn(file);
    terminal.show({ file, nodeId }, [nodeId]);
    return EXIT.ok;
  },
};

export const id: CommandRow = {
  name: 'id',
  parameters: ['[file]'],
  help: 'the node id of a key file, or of a running node with its addresses',
  options: CONTROL_OPTIONS,
  run: async (terminal, options, [file]) => {
    if (file !== undefined) {
      if (options.control !== undefined || options.data !== undefined)
        throw new UsageError('a key file and a running node are two; give one of them');
      if (!existsSync(file))
        throw keyError(`the key file ${file} does not exist`, 'Check the path, or make a key file by meshwright keygen.');
      const nodeId = await idIn(file);
      terminal.show({ file, nodeId }, [nodeId]);
      return EXIT.ok;
    }
    return withNode(terminal, options, async ({ client: { node } }) => {
      const { nodeId, network, state, addresses, connectionCount, pid, socket, allow } = node;
      terminal.show(node, [
        nodeId,
        `  ${state} in the space ${network}, process ${pid}, ${connectionCount} connection${connectionCount === 1 ? '' : 's'}`,
        `  listens at ${addresses.join(', ') || 'no address'}`,
        `  control socket ${socket}, which allows ${allow.join(', ') || 'nothing but looking'}`,
      ]);
      return EXIT.ok;
    });
  },
};

function keyError(text: string, cure: string): NetworkError {
  return new NetworkError('KEY_FILE_INVALID', text, { cure });
}

/** Of the key file, which is made if there is none. */
async function idIn(file: string): Promise<string> {
  const node = await createNode({ identity: file, logger: 'silent' });
  await node.stop();
  return node.id;
}
