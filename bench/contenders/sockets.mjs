/**
 * @module Sockets: what raw TCP and TLS share. A contender is a way to listen and a way to connect; the rest is plain sockets with
 * length-prefixed messages.
 */

import { once } from 'node:events';
import { FrameParser, FrameWriter } from './framing.mjs';

/** Serves sockets in one of the modes; `report` sends a result to the parent process. */
export async function serveSockets(listen, mode, report) {
  const server = listen((socket) => serveSocket(socket, mode, report));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

function serveSocket(socket, mode, report) {
  socket.setNoDelay(true);
  socket.on('error', () => {});
  if (mode.name === 'sink') return sink(socket, mode, report);
  const writer = new FrameWriter(socket);
  let isPlanned = false;
  const flush = () => {
    isPlanned = false;
    writer.flush();
  };
  const parser = new FrameParser((bytes, start, end) => {
    writer.send(bytes.subarray(start, end));
    if (!isPlanned) setImmediate(flush);
    isPlanned = true;
  });
  socket.on('data', (chunk) => parser.push(chunk));
}

function sink(socket, { messages }, report) {
  let seen = 0;
  let startedMs = 0;
  const parser = new FrameParser(() => {
    if (seen++ === 0) startedMs = performance.now();
    if (seen !== messages) return;
    report({ type: 'sunk', seconds: (performance.now() - startedMs) / 1_000 });
    seen = 0;
  });
  socket.on('data', (chunk) => parser.push(chunk));
}

/** The client's side of every measure, over `connect(port)` which gives a socket that is ready. */
export function socketClient(connect, port) {
  let socket;
  let onMessage = () => {};
  const ready = async () => {
    if (socket !== undefined) return;
    socket = await connect(port);
    socket.setNoDelay(true);
    const parser = new FrameParser((bytes, start, end) => onMessage(bytes, start, end));
    socket.on('data', (chunk) => parser.push(chunk));
  };
  return {
    async pump(size, messages) {
      await ready();
      await pumpSocket(socket, Buffer.alloc(size, 7), messages);
    },
    async roundTrips(size, count, onTrip) {
      await ready();
      const writer = new FrameWriter(socket);
      const payload = Buffer.alloc(size, 7);
      await new Promise((resolve) => {
        let left = count;
        const next = () => {
          writer.send(payload);
          writer.flush();
        };
        onMessage = () => {
          onTrip();
          if (--left === 0) resolve();
          else next();
        };
        next();
      });
    },
    async requests(count, outstanding) {
      await ready();
      await requestsOverSocket(new FrameWriter(socket), count, outstanding, (listener) => {
        onMessage = listener;
      });
    },
    async connections(count, parallel) {
      const sockets = [];
      await inParallel(count, parallel, async () => {
        sockets.push(await connect(port));
      });
      return () => {
        for (const socket of sockets) socket.destroy();
      };
    },
    async idle(count) {
      const sockets = [];
      for (let index = 0; index < count; index++) sockets.push(await connect(port));
      return () => {
        for (const idle of sockets) idle.destroy();
      };
    },
  };
}

async function pumpSocket(socket, payload, messages) {
  const writer = new FrameWriter(socket);
  for (let left = messages; left > 0; ) {
    while (left > 0 && writer.send(payload)) left--;
    // The message that met a full socket was taken, too.
    if (left > 0 && socket.writableNeedDrain) {
      left--;
      await once(socket, 'drain');
    }
  }
  writer.flush();
}

/** Requests are promises by id, as an application would have them. */
async function requestsOverSocket(writer, count, outstanding, listen) {
  const pending = new Map();
  let lastId = 0;
  let isPlanned = false;
  const flush = () => {
    isPlanned = false;
    writer.flush();
  };
  listen((bytes, start) => {
    const id = bytes.readUInt32BE(start);
    const resolve = pending.get(id);
    pending.delete(id);
    resolve();
  });
  const request = () =>
    new Promise((resolve) => {
      const payload = Buffer.alloc(32, 7);
      payload.writeUInt32BE(++lastId);
      pending.set(lastId, resolve);
      writer.send(payload);
      if (!isPlanned) setImmediate(flush);
      isPlanned = true;
    });
  await inParallel(count, outstanding, request);
}

/** Runs `work` `count` times, `parallel` at a time. */
export async function inParallel(count, parallel, work) {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}
