/**
 * @module Proxy: one process of a measure of proxies, over any contender: a web server, who lends its network, who uses it, or the program that is led.
 */
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { inParallel, serveTasks } from './tasks.mjs';

const contender = await import(`../contenders/${process.argv[2]}.mjs`);

const BLOCK = Buffer.alloc(65_536, 7);
const GREETING = Buffer.from('050100', 'hex');
const owned = [];

serveTasks(
  {
    async openWeb() {
      const server = createServer(async ({ url }, response) => {
        for (let left = Number(url.slice(1)); left > 0; left -= BLOCK.length)
          if (!response.write(BLOCK.subarray(0, Math.min(left, BLOCK.length))))
            await new Promise((resolve) => response.once('drain', resolve));
        response.end();
      });
      await new Promise((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 1_024 }, resolve));
      return server.address().port;
    },
    async lend(parameters) {
      const lender = await contender.openLender(parameters);
      owned.push(lender);
      return lender.address;
    },
    socks: (address) => enter(contender.openSocks(address)),
    forward: ({ address, target }) => enter(contender.openForward(address, target)),
    /** Downloads through a SOCKS proxy. In how many ms. */
    async download({ port, web, byteCount }) {
      const startedMs = performance.now();
      const received = await fetched(port, byteCount, (socket) => viaSocks(socket, web));
      if (received < byteCount) throw new Error(`${received} of ${byteCount} bytes came`);
      return performance.now() - startedMs;
    },
    /** Requests of 1 KiB, so many in all and at once. In how many ms. */
    async requests({ port, count, parallel }) {
      const startedMs = performance.now();
      await inParallel({ count, parallel }, async () => {
        if ((await fetched(port, 1_024, async () => {})) < 1_024) throw new Error('a response is too short');
      });
      return performance.now() - startedMs;
    },
  },
  () => Promise.all(owned.map((one) => one.close())),
);

async function enter(opening) {
  const entrance = await opening;
  owned.push(entrance);
  return entrance.port;
}

/** Bytes that came for a request, its head included. */
async function fetched(port, byteCount, prepare) {
  const socket = connect({ port, host: '127.0.0.1' });
  await prepare(socket);
  socket.write(`GET /${byteCount} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  let received = 0;
  socket.on('data', ({ length }) => {
    received += length;
  });
  await new Promise((resolve, reject) => socket.on('close', resolve).on('error', reject));
  return received;
}

async function viaSocks(socket, web) {
  const answer = () => new Promise((resolve, reject) => socket.once('data', resolve).once('error', reject));
  socket.write(GREETING);
  await answer();
  socket.write(Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, web >> 8, web & 255]));
  if ((await answer())[1] !== 0) throw new Error('the SOCKS proxy refuses');
}
