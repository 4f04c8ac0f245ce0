/**
 * @module WebPage: a page, and its server, that fetch, upload, read server-sent events and talk over a WebSocket, and say what they hashed; what the test and the
 * campaign of proxies do with a browser.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Browser, Page } from '../../browser.js';
import { hashOfPieces, piecesOf } from './programs.js';

/** In the page: each function resolves with a hash, or with how a transfer that never ends by itself has ended. */
const SCRIPT = `
const hash = async (bytes) => [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].map((one) => one.toString(16).padStart(2, '0')).join('');
const joined = async (parts) => new Uint8Array(await new Blob(parts).arrayBuffer());
const bytesOf = async (count) => new Uint8Array(await (await fetch('/bytes/' + count)).arrayBuffer());

const fetched = async (count) => hash(await bytesOf(count));
const uploaded = async (count) => (await fetch('/up', { method: 'PUT', body: await bytesOf(count) })).text();
const events = (count) => new Promise((resolve, reject) => {
  const parts = [];
  const source = new EventSource('/events/' + count);
  source.onmessage = ({ data }) => parts.push(Uint8Array.from(atob(data), (one) => one.charCodeAt(0)));
  source.addEventListener('end', async () => { source.close(); resolve(hash(await joined(parts))); });
  source.onerror = () => reject(new Error('the events broke'));
});
const messages = (count) => new Promise((resolve, reject) => {
  const parts = [];
  const socket = new WebSocket('ws://' + location.host + '/socket/' + count);
  socket.binaryType = 'arraybuffer';
  socket.onmessage = async ({ data }) => {
    if (typeof data === 'string') { socket.onclose = null; return resolve([await hash(await joined(parts)), data]); }
    parts.push(data);
    socket.send(data);
  };
  socket.onclose = ({ code }) => reject(new Error('the socket closed with ' + code));
});

const begun = [], ended = {};
const endless = () => {
  const first = (name) => new Promise((resolve) => { begun[name] = resolve; });
  const all = Promise.all(['fetch', 'events', 'socket'].map(first));
  ended.fetch = fetch('/drip').then(async ({ body }) => {
    const reader = body.getReader();
    for (let part = await reader.read(); ; part = await reader.read()) { if (part.done) return 'an end'; begun.fetch(); }
  }).catch(({ name, message }) => name + ': ' + message);
  ended.events = new Promise((resolve) => {
    const source = new EventSource('/events/drip');
    source.onmessage = () => begun.events();
    source.onerror = () => { source.close(); resolve('error'); };
  });
  ended.socket = new Promise((resolve) => {
    const socket = new WebSocket('ws://' + location.host + '/socket/drip');
    socket.onmessage = () => begun.socket();
    socket.onclose = ({ code, wasClean }) => resolve(code + (wasClean ? ' clean' : ''));
  });
  return all;
};
`;

async function answerUpload(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const hash = createHash('sha256');
  for await (const part of request) hash.update(part as Buffer);
  response.end(hash.digest('hex'));
}

/** Pieces as events, each at once, and one named `end`; or a first one and no end. */
async function answerEvents(count: string, response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  if (count === 'drip') return void response.write('data: first\n\n');
  for (const piece of piecesOf(Number(count)))
    await new Promise((resolve) => response.write(`data: ${piece.toString('base64')}\n\n`, resolve));
  response.end('event: end\ndata:\n\n');
}

/** Pieces as binary messages; when all have come back, the hash of what came. Or a first message and no end. */
function answerSocket(socket: WebSocket, count: string): void {
  if (count === 'drip') return socket.send('first');
  const hash = createHash('sha256');
  let left = Number(count);
  socket.on('message', (data: Buffer) => {
    hash.update(data);
    left -= data.length;
    if (left === 0) socket.send(hash.digest('hex'));
  });
  for (const piece of piecesOf(left)) socket.send(piece);
}

/** The server of the page, on a port of 127.0.0.1. */
export async function pageServer(): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer((request, response) => {
    const [, what, count = ''] = (request.url ?? '').split('/');
    if (what === 'events') return void answerEvents(count, response);
    if (what === 'up') return void answerUpload(request, response);
    if (what === 'drip') return void response.write('a first piece');
    if (what === 'bytes') {
      for (const piece of piecesOf(Number(count))) response.write(piece);
      return void response.end();
    }
    response.writeHead(what === '' ? 200 : 404, { 'content-type': 'text/html' });
    response.end(`<!doctype html><link rel="icon" href="data:,"><script>${SCRIPT}</script>`);
  });
  new WebSocketServer({ server }).on('connection', (socket, { url = '' }) => {
    socket.on('error', () => {});
    answerSocket(socket, url.split('/')[2] ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

/** A page in a window of its own, whose requests all go to that proxy; without one, directly. */
export async function openPage(browser: Browser, address: string, proxy: string | undefined): Promise<Page> {
  const through = proxy === undefined ? {} : { proxy: { server: proxy } };
  const page = await browser.newPage({ viewport: { width: 400, height: 300 }, ...through });
  await page.goto(`http://${address}/`);
  return page;
}

/** What the page read and sent, `count` bytes each, next to what it should be. */
export async function transfers(page: Page, count: number): Promise<{ readonly got: object; readonly wanted: object }> {
  const got = await page.evaluate<object>(
    `(async () => ({ fetched: await fetched(${count}), uploaded: await uploaded(${count}), events: await events(${count}), messages: await messages(${count}) }))()`,
  );
  const hash = hashOfPieces(count);
  return { got, wanted: { fetched: hash, uploaded: hash, events: hash, messages: [hash, hash] } };
}

/** How three transfers that are half way in each page end when `kill` has been done, and how long after it the last of them has. */
export async function brokenTransfers(
  pages: readonly Page[],
  kill: () => Promise<void>,
): Promise<{ readonly ends: readonly object[]; readonly tookMs: number }> {
  for (const page of pages) await page.evaluate('endless()');
  const all = '(async () => ({ fetch: await ended.fetch, events: await ended.events, socket: await ended.socket }))()';
  const ends = pages.map((page) => page.evaluate<object>(all));
  const startedMs = performance.now();
  await kill();
  return { ends: await Promise.all(ends), tookMs: performance.now() - startedMs };
}

/** As a page sees it: an error each, and a socket that was not closed by its other end. */
export const BROKEN = { fetch: 'TypeError: network error', events: 'error', socket: '1006' };
