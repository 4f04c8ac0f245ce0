/**
 * @module Door: what asks for a WebSocket at one listener. The origin is looked at, the handshake is made, and the link is handed over; who is refused
 * gets an HTTP status.
 */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Address } from '../../../core/address/address.js';
import type { ListenerSink } from '../../../core/api/transport.js';
import { socketAddress } from '../../tcp/socket-address.js';
import { forwardedAddress } from './forwarded.js';
import { library } from './library.js';
import { WebSocketLink } from './link.js';
import { SOCKET_OPTIONS, type WebSocketParts } from './parts.js';

/** A request to become a WebSocket. Its socket is one of `net` or `tls`. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

export class Door {
  readonly #webSockets = new (library().WebSocketServer)({ ...SOCKET_OPTIONS, noServer: true, clientTracking: false });
  #isClosed = false;

  constructor(
    private readonly scheme: string,
    private readonly sink: ListenerSink,
    private readonly parts: WebSocketParts,
  ) {}

  close(): void {
    this.#isClosed = true;
  }

  /** Whether it was let in; if not, it was answered. */
  enter({ request, socket, head }: Upgrade): boolean {
    const { origins } = this.parts.settings;
    const { origin } = request.headers;
    const remoteAddress = this.#remoteAddress(request);
    if (this.#isClosed || remoteAddress === undefined) return refuse(socket, 503);
    if (origins !== undefined && origin !== undefined && !origins.includes(origin)) return refuse(socket, 403);
    let isOpen = false;
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      isOpen = true;
      this.#open(webSocket, new WebSocketLink(webSocket, request.socket, remoteAddress, false));
    });
    return isOpen;
  }

  #open(webSocket: WebSocket, link: WebSocketLink): void {
    this.parts.tally.accepted++;
    const sink = this.sink.onAccepted(link);
    if (sink !== undefined) return link.attach(sink);
    webSocket.on('error', () => {});
    webSocket.terminate();
  }

  #remoteAddress({ socket, headers }: IncomingMessage): Address | undefined {
    const direct = socketAddress(socket.remoteAddress, socket.remotePort, this.scheme);
    return direct && forwardedAddress(direct, headers['x-forwarded-for'], this.parts.proxies);
  }
}

/** Answers with a status, and closes. */
export function refuse(socket: Duplex, status: number): false {
  socket.on('error', () => {});
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  return false;
}
