/**
 * @module NATS KV: three nats-servers with JetStream in memory, one bucket with three replicas, and one client. A put is answered when a majority
 * has it. Nothing is encrypted.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { connected, freePort } from '../programs/ports.mjs';

export { absence } from './nats.mjs';

export const supports = ['map'];
export const stores = 3;

const CLUSTER_MS = 30_000;

export async function openStore(index, others) {
  const [port, clusterPort] = [await freePort(), await freePort()];
  const folder = mkdtempSync(join(tmpdir(), 'meshwright-bench-nats-'));
  // Without a route JetStream does not start in a cluster: the first one has one to itself.
  const routes = [clusterPort, ...others.map((other) => other.clusterPort)].map((to) => `nats://127.0.0.1:${to}`);
  const cluster = ['--cluster_name', 'bench', '--cluster', routes[0], '--routes', routes.join()];
  const args = ['-n', `bench-${index}`, '-a', '127.0.0.1', '-p', port, '-js', '-sd', folder, ...cluster];
  const child = spawn('nats-server', args, { stdio: 'ignore' });
  await connected(port);
  const close = () => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  return { address: { port, clusterPort }, close };
}

/** The cluster needs some seconds to choose its leader. */
export async function openMap([{ port }]) {
  const client = await connect({ servers: `127.0.0.1:${port}` });
  const endMs = performance.now() + CLUSTER_MS;
  for (;;) {
    try {
      await jetstreamManager(client);
      const bucket = await new Kvm(client).create('bench', { replicas: 3, storage: 'memory' });
      return {
        set: (key, value) => bucket.put(key, value),
        get: async (key) => (await bucket.get(key)).value,
        close: () => client.close(),
      };
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}
