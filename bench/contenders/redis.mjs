/**
 * @module Redis: one redis-server that keeps everything in memory, without replicas, and one client. Nothing is encrypted.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createClient, RESP_TYPES } from '@redis/client';
import { connected, freePort } from '../programs/ports.mjs';

export const supports = ['map'];
/** Processes that store; the client is another one. */
export const stores = 1;

/** Why it takes no part, if it cannot. */
export function absence() {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'redis-server is not installed (Debian: apt install redis-server)';
  }
}

export async function openStore() {
  const port = await freePort();
  const child = spawn('redis-server', ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], { stdio: 'ignore' });
  await connected(port);
  return { address: port, close: () => void child.kill() };
}

export async function openMap([port]) {
  const client = await createClient({ socket: { host: '127.0.0.1', port } }).connect();
  const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  return {
    set: (key, value) => bytes.set(key, Buffer.from(value)),
    get: (key) => bytes.get(key),
    close: () => client.destroy(),
  };
}
