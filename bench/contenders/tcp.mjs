/**
 * @module Raw TCP: the reference. No encryption, no identity.
 */
import { once } from 'node:events';
import net from 'node:net';
import { BlockWriter, FrameParser, MESSAGE } from './framing.mjs';
import { openSocketClient, openSocketServer, SOCKETS_SUPPORT } from './sockets.mjs';

export const supports = [...SOCKETS_SUPPORT, 'file', 'topics'];

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

/** Each message is written to each subscriber. One that does not take more holds up all. */
export async function openPublisher() {
  const writers = [];
  const server = net.createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => {});
    writers.push({ socket, writer: new BlockWriter(socket) });
  });
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  return {
    address: server.address().port,
    async ready(count) {
      while (writers.length < count) await once(server, 'connection');
    },
    publish(payload) {
      let room;
      for (const { socket, writer } of writers) if (!writer.write(MESSAGE, 0, payload)) room = once(socket, 'drain');
      return room;
    },
  };
}

export async function openSubscriber(port, onMessage) {
  const socket = await connected(port);
  const parser = new FrameParser((_kind, _id, view) => onMessage(view));
  socket.on('data', (chunk) => parser.push(chunk));
}
