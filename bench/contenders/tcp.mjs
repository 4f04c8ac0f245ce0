/**
 * @module Raw TCP: the floor. No encryption, no identity.
 */
import { once } from 'node:events';
import net from 'node:net';
import { serveSockets, socketClient } from './sockets.mjs';

export const serve = (mode, report) => serveSockets((onSocket) => net.createServer(onSocket), mode, report);

export const client = (port) => socketClient(connect, port);

async function connect(port) {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}
