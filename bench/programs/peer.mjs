/**
 * @module Peer: one process of a measure, server or client, over any contender. The server counts what is handed to it; the client does the
 * work and takes the times.
 */
import { createHash } from 'node:crypto';
import { open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inParallel, quantile, serveTasks, sleep } from './tasks.mjs';

const { openServer, openClient, openEndpoint } = await import(`../contenders/${process.argv[2]}.mjs`);

/**
 * Newcomers that are open together, as many as a node has by default: each batch ends before the next one begins. With more of them, what the
 * client's one process does for those that have made their call would count more than what the next one costs.
 */
const BATCH = 64;
const OPENED_TOGETHER = 4;
const TURN_MESSAGES = 4_096;
const TURN_BYTES = 1_048_576;

let server;
let client;
let address;
let stream;
let isFile = false;
let isSending = false;
let messageCount = 0;
let byteCount = 0;
const idle = [];

const TASKS = {
  async serve() {
    const count = (view) => {
      messageCount++;
      byteCount += view.length;
    };
    server = await openServer(count, (stream) => (isFile ? receiveFile(stream) : receiveAll(stream, count)));
    return server.address;
  },
  /** Streams are files from now on. */
  takeFiles() {
    isFile = true;
  },
  /** What has been handed out until now. */
  counted: () => ({ messageCount, byteCount, atMs: performance.now() }),
  async residentBytes() {
    for (let turn = 0; turn < 5; turn++) {
      globalThis.gc();
      await sleep(200);
    }
    return server.residentBytes?.() ?? process.memoryUsage.rss();
  },
  remember(given) {
    address = given;
  },
  async open() {
    client = await openClient(address);
  },
  /** One `send` per call, from outside of any callback, until `stop`. */
  startSending({ size }) {
    isSending = true;
    sendOn(new Uint8Array(size).fill(7));
  },
  /** The same over one stream. */
  async startStream({ size }) {
    stream = await client.openStream();
    isSending = true;
    streamOn(new Uint8Array(size).fill(7));
  },
  /** Sends a file of so many bytes, which the other side stores, and compares the hashes; how long that takes, in ms. */
  sendFile,
  startPump({ size }) {
    client.startPump(new Uint8Array(size).fill(7));
  },
  stop() {
    isSending = false;
    client.stopPump?.();
  },
  async calls({ size, parallel, warmUpMs, ms }) {
    const payload = new Uint8Array(size).fill(7);
    await callFor(payload, parallel, warmUpMs);
    const { times, tookMs } = await callFor(payload, parallel, ms);
    return { rate: (times.length * 1_000) / tookMs, p50: 1_000 * quantile(times, 0.5), p99: 1_000 * quantile(times, 0.99) };
  },
  async newcomers({ size, parallel, warmUpMs, ms }) {
    const payload = new Uint8Array(size).fill(7);
    await newcomersFor(payload, parallel, warmUpMs);
    const { served, refused, tookMs } = await newcomersFor(payload, parallel, ms);
    return { rate: (served * 1_000) / tookMs, refused: refused / (served + refused) };
  },
  async openIdle({ count }) {
    await inParallel({ count, parallel: OPENED_TOGETHER }, async () => idle.push(await openClient(address)));
  },
  /** The median of creating and starting, in µs; ends are not timed. */
  async endpoints({ warmUpMs, ms }) {
    await endpointsFor(warmUpMs);
    return 1_000 * quantile(await endpointsFor(ms), 0.5);
  },
};

/**
 * As long as the system takes everything at once, no wait for room lets the event loop turn: what an application must do now and then, so that
 * its timers and sockets live.
 */
async function sendOn(payload) {
  const turnEvery = Math.min(TURN_MESSAGES, Math.ceil(TURN_BYTES / payload.length));
  for (let sent = 1; isSending; sent++) {
    const room = client.send(payload);
    if (room !== undefined) await room;
    if (sent % turnEvery === 0) await new Promise(setImmediate);
  }
}

async function streamOn(payload) {
  const turnEvery = Math.ceil(TURN_BYTES / payload.length);
  for (let sent = 1; isSending; sent++) {
    const room = stream.write(payload);
    if (room !== undefined) await room;
    if (sent % turnEvery === 0) await new Promise(setImmediate);
  }
  await stream.end();
}

async function receiveAll(chunks, count) {
  for await (const chunk of chunks) count(chunk);
  return new Uint8Array(1);
}

/** Stores the file, and answers its hash. */
async function receiveFile(chunks) {
  const hash = createHash('sha256');
  const path = fileNamed('received');
  const file = await open(path, 'w');
  for await (const chunk of chunks) {
    hash.update(chunk);
    await file.write(chunk);
  }
  await file.close();
  await rm(path);
  return hash.digest();
}

async function sendFile({ byteCount: size }) {
  const path = fileNamed('sent');
  await writeFile(path, Buffer.alloc(size, 'a file '));
  const startedMs = performance.now();
  const upload = await client.openStream();
  const hash = createHash('sha256');
  const file = await open(path);
  for await (const chunk of file.createReadStream()) {
    hash.update(chunk);
    const room = upload.write(chunk);
    if (room !== undefined) await room;
  }
  const answer = await upload.end();
  const tookMs = performance.now() - startedMs;
  await rm(path);
  if (!hash.digest().equals(answer)) throw new Error('the hashes differ');
  return tookMs;
}

const fileNamed = (name) => join(tmpdir(), `meshwright-bench-${process.pid}-${name}`);

async function callFor(payload, parallel, ms) {
  const times = [];
  const startedMs = performance.now();
  await inParallel({ endMs: startedMs + ms, parallel }, async () => {
    const calledMs = performance.now();
    const answer = await client.call(payload);
    times.push(performance.now() - calledMs);
    if (answer.length !== payload.length) throw new Error('that is no echo');
  });
  return { times, tookMs: performance.now() - startedMs };
}

/** Batches until their times sum up to `ms`; nobody leaves while time is taken. */
async function newcomersFor(payload, parallel, ms) {
  const result = { served: 0, refused: 0, tookMs: 0 };
  while (result.tookMs < ms) {
    const clients = [];
    const startedMs = performance.now();
    await inParallel({ count: BATCH, endMs: startedMs + ms - result.tookMs, parallel }, async () => {
      try {
        const newcomer = await openClient(address);
        clients.push(newcomer);
        await newcomer.call(payload);
        result.served++;
      } catch {
        result.refused++;
      }
    });
    result.tookMs += performance.now() - startedMs;
    await Promise.all(clients.map((newcomer) => newcomer.close()));
  }
  return result;
}

async function endpointsFor(ms) {
  const times = [];
  const endMs = performance.now() + ms;
  while (performance.now() < endMs) {
    const startedMs = performance.now();
    const close = await openEndpoint();
    times.push(performance.now() - startedMs);
    await close();
  }
  return times;
}

serveTasks(TASKS, () => server?.close?.());
