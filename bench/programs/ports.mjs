/**
 * @module Ports: for programs that cannot say on which port they listen.
 */
import { connect, createServer } from 'node:net';

const TRIES = 200;

/** Nobody listened on it a moment ago. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Resolves when somebody listens. */
export async function connected(port) {
  for (let count = 0; count < TRIES; count++) {
    const isThere = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nobody listens on port ${port}`);
}
