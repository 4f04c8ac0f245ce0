/**
 * @module Raw TCP: the reference. No encryption, no identity.
 */
import { once } from 'node:events';
import net from 'node:net';
import { openSocketClient, openSocketServer, SOCKETS_SUPPORT } from './sockets.mjs';

export const supports = [...SOCKETS_SUPPORT, 'file'];

export async function openServer(onMessage, onStream) {
  const { address: port } = await openSocketServer((onSocket) => net.createServer(onSocket), onMessage);
  const streams = net.createServer({ allowHalfOpen: true }, async (socket) =>
    socket.end(await onStream(socket.iterator({ destroyOnReturn: false }))),
  );
  streams.listen({ port: 0, host: '127.0.0.1' });
  await once(streams, 'listening');
  return { address: { port, streamPort: streams.address().port } };
}

export async function openClient({ port, streamPort }) {
  return { ...openSocketClient(await connected(port)), openStream: async () => streamOver(await connected(streamPort)) };
}

async function connected(port) {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

/** A connection of its own for each stream. */
function streamOver(socket) {
  const answer = socket.toArray();
  return {
    write: (bytes) => (socket.write(bytes) ? undefined : once(socket, 'drain')),
    end: async () => {
      socket.end();
      return Buffer.concat(await answer);
    },
  };
}
