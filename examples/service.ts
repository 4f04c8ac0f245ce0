/**
 * @module Example: a service as an operator runs it. Its environment configures it, `/metrics`, `/healthz` and `/readyz` show how it is, and
 * SIGTERM ends it after the calls in work. Try: OPERATION_PORT=9464 node dist/examples/service.js
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createNode, NetworkBehavior, type RpcContext } from '../index.js';
import { serveOperation } from '../operation/index.js';

class Reports extends NetworkBehavior {
  static readonly behavior = { serviceId: 68, name: 'reports', rpc: ['report'] } as const;

  /** The signal ends the work when its answer is of no use any more, so that the process can end. */
  async report({ subject, takesMs }: { readonly subject: string; readonly takesMs: number }, { signal }: RpcContext) {
    console.log(`working on ${JSON.stringify(subject)}`);
    await setTimeout(takesMs, undefined, { signal });
    return { text: `nothing new about ${subject}` };
  }
}

const { MESH_LISTEN = 'tcp://[::]:7400', MESH_SEEDS = '', MESH_DATA, MESH_LOG } = process.env;
const { OPERATION_HOST = '127.0.0.1', OPERATION_PORT = '9464', DRAIN_MS = '10000' } = process.env;

/** A directory keeps the identity and the known addresses; without one, each run is a new node. */
function kept(directory: string) {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return { dataDirectory: directory, identity: join(directory, 'node.key') };
}

const node = await createNode({
  listen: [MESH_LISTEN],
  seeds: MESH_SEEDS.split(/[\s,]+/).filter((seed) => seed !== ''),
  behaviors: [Reports],
  logger: MESH_LOG === 'info' ? 'info' : 'warn',
  ...(MESH_DATA !== undefined && kept(MESH_DATA)),
});
const operation = await serveOperation(node, { host: OPERATION_HOST, port: Number(OPERATION_PORT) });
await node.start();
console.log(`listening at ${node.addresses.join(', ')}`);
console.log(`metrics at ${operation.url}/metrics`);

/** Calls in work are finished first; a second signal ends the wait for them. */
async function stop(): Promise<void> {
  const drainMs = node.state === 'running' ? Number(DRAIN_MS) : 0;
  await node.stop({ drainMs });
  await operation.close();
  console.log('stopped');
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());
