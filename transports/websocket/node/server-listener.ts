/**
 * @module ServerListener: one listen address with HTTP servers of its own, which do nothing but upgrades to WebSockets under one path. What
 * has not asked for one is bounded in number and in time.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Address } from '../../../core/address/address.js';
import type { Listener, ListenerSink } from '../../../core/api/transport.js';
import { NetworkError } from '../../../core/errors.js';
import { Binding } from '../../tcp/binding.js';
import { Door, refuse, type Upgrade } from './door.js';
import type { WebSocketParts } from './parts.js';

/** A request for an upgrade is short, and comes at once. */
const HTTP_OPTIONS = {
  noDelay: true,
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 1_000,
  maxHeaderSize: 8_192,
};
const TLS_TIMEOUT_MS = 10_000;
/** The share of one remote address in what waits for an upgrade. */
const SHARE_OF_ADDRESS = 4;

export class ServerListener implements Listener {
  readonly #sink: ListenerSink;
  readonly #parts: WebSocketParts;
  readonly #path: string;
  readonly #door: Door;
  readonly #binding: Binding;
  /** Sockets that are no WebSockets yet, by the address of the remote. */
  readonly #waiting = new Map<string, Set<Socket>>();
  #waitingCount = 0;

  constructor({ address, path }: { readonly address: Address; readonly path: string }, sink: ListenerSink, parts: WebSocketParts) {
    const { settings, resolver } = parts;
    const isTls = address.scheme === 'wss';
    this.#sink = sink;
    this.#parts = parts;
    this.#path = path;
    this.#door = new Door(address.scheme, sink, parts);
    if (isTls && settings.tls.key === undefined && settings.tls.pfx === undefined && settings.tls.SNICallback === undefined) {
      throw new NetworkError(
        'ADDRESS_INVALID',
        `cannot listen on ${address.text}: there is no certificate; give new WebSocketTransport({ tls: { key, cert } })`,
      );
    }
    this.#binding = new Binding({
      address,
      resolver,
      isUnref: settings.unref,
      create: () => this.#create(isTls),
      onServer: (server) => this.#onServer(server as Server),
      onBound: (addresses) => sink.onListening(addresses),
      onFailed: (cause) => sink.onFailed(cause),
    });
  }

  close(): void {
    this.#door.close();
    this.#binding.close();
    for (const sockets of this.#waiting.values()) for (const socket of sockets) socket.destroy();
  }

  #create(isTls: boolean): Server {
    const { tls } = this.#parts.settings;
    return isTls ? createTlsServer({ handshakeTimeout: TLS_TIMEOUT_MS, ...tls, ...HTTP_OPTIONS }) : createServer(HTTP_OPTIONS);
  }

  #onServer(server: Server): void {
    server
      .on('error', () => this.#onLost())
      .on('connection', (socket: Socket) => this.#onConnection(socket))
      .on('upgrade', (request, socket, head) => this.#onUpgrade({ request, socket, head }))
      .on('request', answerPlain)
      .on('clientError', (_error, socket) => socket.destroy());
  }

  #onConnection(socket: Socket): void {
    const { tally, settings } = this.#parts;
    const { remoteAddress: host } = socket;
    if (host === undefined) return this.#onLost();
    const ofHost = this.#waiting.get(host) ?? new Set();
    const isFull = this.#waitingCount >= settings.upgradesMax || ofHost.size * SHARE_OF_ADDRESS >= settings.upgradesMax;
    if (this.#isClosed || isFull || !tally.take()) {
      socket.destroy();
      if (!this.#isClosed) this.#sink.onRefused?.('full');
      return;
    }
    if (settings.unref) socket.unref();
    tally.track(socket);
    this.#waiting.set(host, ofHost.add(socket));
    this.#waitingCount++;
    socket.once('close', () => this.#forget(host, socket));
  }

  #onUpgrade(upgrade: Upgrade): void {
    const { request, socket } = upgrade;
    const [path] = (request.url ?? '').split('?');
    if (path !== this.#path) {
      refuse(socket, 404);
      return;
    }
    if (this.#door.enter(upgrade)) this.#forgetUpgraded(request.socket);
  }

  /** Of a TLS socket the one below it is known by its ports alone. */
  #forgetUpgraded({ remoteAddress: host = '', remotePort }: Socket): void {
    for (const socket of this.#waiting.get(host) ?? []) if (socket.remotePort === remotePort) this.#forget(host, socket);
  }

  #forget(host: string, socket: Socket): void {
    const ofHost = this.#waiting.get(host);
    if (ofHost?.delete(socket) !== true) return;
    this.#waitingCount--;
    if (ofHost.size === 0) this.#waiting.delete(host);
  }

  /** The system could not accept, or accepted a socket that was gone already. */
  #onLost(): void {
    this.#parts.tally.acceptErrors++;
    if (!this.#isClosed) this.#sink.onRefused?.('system');
  }

  get #isClosed(): boolean {
    return this.#binding.isClosed;
  }
}

/** Whoever asks for anything else, such as a person with a browser. */
function answerPlain(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(426, { Connection: 'close, Upgrade', Upgrade: 'websocket', 'Content-Type': 'text/plain' });
  response.end('This is a WebSocket address.\n');
}
