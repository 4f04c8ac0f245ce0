/** @module What the WebSocket tests share: worlds on loopback, a certificate, and raw sockets that send frames byte by byte. */
import { createServer, type Server as HttpServer, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocket } from 'ws';
import { type Address, parseAddress } from '../../../core/address/address.js';
import { TransportWorld } from '../../../testing/conformance/transport-world.js';
import { WebSocketTransport as PlatformTransport, type PlatformWebSocket } from '../../../transports/websocket/index.js';
import { type WebSocketOptions, WebSocketTransport } from '../../../transports/websocket/node/index.js';
import { rawConnect } from '../tcp/fixtures.js';
import { CERTIFICATE, CERTIFICATE_KEY } from './certificate.js';

export const TLS = { key: CERTIFICATE_KEY, cert: CERTIFICATE, ca: CERTIFICATE };

/** Listens on `text` and dials what it reports, or what `dialAddress` makes of it. */
export function fixture(text: string, options: WebSocketOptions = {}, dialAddress?: (bound: readonly Address[]) => Address) {
  const scheme = parseAddress(text).scheme;
  return {
    listening: new WebSocketTransport(options),
    dialling: new WebSocketTransport({ ...(options.tls === undefined ? {} : { tls: options.tls }) }),
    nextAddress: () => parseAddress(text),
    vacant: parseAddress(`${scheme}://127.0.0.3:1`),
    ...(dialAddress === undefined ? {} : { dialAddress }),
  };
}

/** Dials with the platform's kind of WebSocket. */
export function platformFixture(text: string) {
  const { vacant: _none, ...rest } = fixture(text);
  return { ...rest, dialling: new PlatformTransport({ webSocket: WebSocket as unknown as new (url: string) => PlatformWebSocket }) };
}

/** A server of an application, which answers plain requests, and a transport at one of its paths. */
export async function attachedFixture(options: WebSocketOptions = {}) {
  const server = createServer((_request, response) => response.end('the application'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.6', resolve));
  let count = 0;
  return {
    ...fixture('ws://127.0.0.6:0', { ...options, server }),
    server,
    nextAddress: () => parseAddress(`ws://127.0.0.6:0/mesh/${count++}`),
    close: () => closeServer(server),
  };
}

export function closeServer(server: HttpServer): void {
  server.close();
  server.closeAllConnections();
}

export function portOf(server: HttpServer): number {
  return (server.address() as AddressInfo).port;
}

export function openWorld(options: WebSocketOptions = {}, text = 'ws://127.0.0.5:0/mesh') {
  const parts = fixture(text, options);
  return { ...parts, world: new TransportWorld(parts) };
}

export const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
];

/** Sends a request over a plain socket. Resolves with the status, and with the socket, once the head of the answer is there. */
export async function request(address: Address, lines: readonly string[] = UPGRADE, path = `/${address.name ?? ''}`) {
  const socket = await rawConnect(address);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: test\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`);
  const status = await new Promise<number>((resolve, reject) => {
    socket.once('data', (head) => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(String(head))?.[1])));
    socket.once('close', () => reject(new Error(`closed without an answer, such as ${STATUS_CODES[426]}`)));
  });
  return { status, socket };
}

/** A masked frame, as clients send them; the mask is 0, which changes nothing. */
export function frame(opcode: number, payload: Uint8Array = new Uint8Array(0), { isFinal = true, isMasked = true, rsv = 0 } = {}): Buffer {
  const first = (isFinal ? 0x80 : 0) | rsv | opcode;
  const mask = isMasked ? [0, 0, 0, 0] : [];
  const bit = isMasked ? 0x80 : 0;
  const length = payload.length < 126 ? [bit | payload.length] : [bit | 126, payload.length >>> 8, payload.length & 0xff];
  return Buffer.concat([Uint8Array.from([first, ...length, ...mask]), payload]);
}

export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve();
    socket.resume();
    socket.once('close', () => resolve());
  });
}
