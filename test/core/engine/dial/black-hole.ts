/**
 * @module A black hole for TCP: an address that takes a connection or two into its backlog and then answers nobody any more, as a host
 * behind a bad firewall. Holds no test.
 */
import { Worker } from 'node:worker_threads';

const SOURCE = `
const { createServer } = require('node:net');
const { parentPort } = require('node:worker_threads');
const server = createServer();
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
});
`;

/** Answers the port, and what ends it. */
export async function blackHole(): Promise<{ readonly port: number; end(): Promise<unknown> }> {
  const worker = new Worker(SOURCE, { eval: true });
  const port = await new Promise<number>((resolve, reject) => worker.once('message', resolve).once('error', reject));
  return { port, end: () => worker.terminate() };
}
