/**
 * @module Raw TCP: the reference. No encryption, no identity.
 */
import { once } from 'node:events';
import net from 'node:net';
import { openSocketClient, openSocketServer, SOCKETS_SUPPORT } from './sockets.mjs';

export const supports = SOCKETS_SUPPORT;

export const openServer = (onMessage) => openSocketServer((onSocket) => net.createServer(onSocket), onMessage);

export async function openClient(port) {
  const socket = net.connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  return openSocketClient(socket);
}
