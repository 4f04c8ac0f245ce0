/**
 * @module Sockets: what raw TCP and mutual TLS share. Each message is handed out as a view; calls are promises by id.
 */
import { once } from 'node:events';
import { ANSWER, BlockWriter, FrameParser, MESSAGE, REQUEST } from './framing.mjs';

export const SOCKETS_SUPPORT = ['send', 'call', 'newcomers', 'idle'];

/** `listen` makes a server of a listener of sockets. */
export async function openSocketServer(listen, onMessage) {
  const server = listen((socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => {});
    const writer = new BlockWriter(socket);
    const parser = new FrameParser((kind, id, view) => {
      if (kind === MESSAGE) onMessage(view);
      else writer.write(ANSWER, id, view);
    });
    socket.on('data', (chunk) => parser.push(chunk));
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
  await once(server, 'listening');
  return { address: server.address().port };
}

/** Over a socket that is connected. */
export function openSocketClient(socket) {
  const calls = new PendingCalls();
  const writer = new BlockWriter(socket);
  const parser = new FrameParser((_kind, id, view) => calls.settle(id, view));
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.on('data', (chunk) => parser.push(chunk));
  return {
    send: (payload) => (writer.write(MESSAGE, 0, payload) ? undefined : once(socket, 'drain')),
    call: (payload) => calls.add((id) => writer.write(REQUEST, id, payload)),
    close: () => socket.destroy(),
  };
}

/** Calls that wait for their answer, as promises by id. */
export class PendingCalls {
  #settlers = new Map();
  #lastId = 0;

  /** `send` writes the request with its id. */
  add(send) {
    return new Promise((resolve) => {
      const id = ++this.#lastId;
      this.#settlers.set(id, resolve);
      send(id);
    });
  }

  settle(id, view) {
    const resolve = this.#settlers.get(id);
    this.#settlers.delete(id);
    resolve(view);
  }
}
