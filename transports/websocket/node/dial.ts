/**
 * @module WebSocketDial: one dial of one address. A name is not resolved before: certificates and servers behind a proxy go by it, and the system
 * tries its addresses. The engine has the deadline, and cancels.
 */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { connect, isIP, type LookupFunction, type NetConnectOpts, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { WebSocket } from 'ws';
import type { Address } from '../../../core/address/address.js';
import type { Dial, DialSink } from '../../../core/api/transport.js';
import { NetworkError } from '../../../core/errors.js';
import { apart } from '../../../core/platform/node/apart.js';
import { type HostResolver, resolveHost } from '../../tcp/resolve.js';
import { socketAddress } from '../../tcp/socket-address.js';
import { networkError, unresolved } from '../../tcp/system-error.js';
import { urlOf } from '../address.js';
import { library } from './library.js';
import { WebSocketLink } from './link.js';
import { SOCKET_OPTIONS, type WebSocketParts } from './parts.js';

/** Errors of the system's look-up, which mean that there is no address. */
const LOOKUP_CODES: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'EAI_AGAIN', 'EAI_FAIL', 'ESERVFAIL', 'ECANCELLED', 'ETIMEOUT']);

export class WebSocketDial implements Dial {
  #webSocket: WebSocket | undefined;
  #socket: Socket | undefined;
  #cancelLookup: (() => void) | undefined;
  #isDone = false;

  constructor(
    private readonly address: Address,
    private readonly sink: DialSink,
    private readonly parts: WebSocketParts,
  ) {
    queueMicrotask(() => this.#begin());
  }

  cancel(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#abandon();
  }

  #begin(): void {
    const { tally } = this.parts;
    const { address } = this;
    if (this.#isDone) return;
    if (address.port === 0) {
      const details = { address: address.text, port: 0 };
      this.#fail(new NetworkError('ADDRESS_INVALID', `cannot connect to ${address.text}: port 0 is for listening only`, { details }));
    } else if (tally.take()) apart(() => this.#try());
    else this.#fail(tally.budget.refusal(address));
  }

  #try(): void {
    const webSocket = new (library().WebSocket)(urlOf(this.address), {
      ...SOCKET_OPTIONS,
      followRedirects: false,
      generateMask: keepZero,
      createConnection: ((options: NetConnectOpts) => this.#openSocket(options)) as typeof connect,
    });
    this.#webSocket = webSocket;
    // Stays: a dial that is abandoned is told of it.
    webSocket.on('error', (error) => this.#fail(this.#failure(error)));
    webSocket.once('unexpected-response', (_request: ClientRequest, { statusCode, statusMessage }: IncomingMessage) =>
      this.#fail(refusal(this.address, `the answer is HTTP ${statusCode} ${statusMessage}`)),
    );
    webSocket.once('open', () => this.#onOpen(webSocket));
  }

  #openSocket(given: NetConnectOpts): Socket {
    const { settings, tally, resolver } = this.parts;
    const { scheme, host, port } = this.address;
    const options = { ...given, host, port, path: undefined, lookup: this.#lookup(resolver) };
    const servername = isIP(host) === 0 ? host : '';
    const socket = scheme === 'ws' ? connect(options) : connectTls({ ...settings.tls, servername, ...options } as ConnectionOptions);
    socket.setNoDelay(true);
    if (settings.unref) socket.unref();
    this.#socket = socket;
    tally.track(socket);
    return socket;
  }

  /** What the system asks for a name. */
  #lookup(resolver: HostResolver): LookupFunction {
    return (_name, { all }, callback) => {
      this.#cancelLookup = resolveHost(this.address, resolver, (hosts, error) => {
        const answers = hosts.map((address) => ({ address, family: isIP(address) }));
        const [first] = answers;
        if (first === undefined) callback(unresolved('dial', this.address, error) as NodeJS.ErrnoException, all ? [] : '');
        else if (all) callback(null, answers);
        else callback(null, first.address, first.family);
      });
    };
  }

  #onOpen(webSocket: WebSocket): void {
    const socket = this.#socket as Socket;
    if (this.#isDone) return this.#abandon();
    const { scheme } = this.address;
    const remoteAddress = socketAddress(socket.remoteAddress, socket.remotePort, scheme);
    if (remoteAddress === undefined) return this.#fail(refusal(this.address, 'the socket is gone'));
    this.#isDone = true;
    this.parts.tally.connected++;
    webSocket.removeAllListeners('error');
    const link = new WebSocketLink(webSocket, socket, remoteAddress, true);
    link.attach(this.sink.onConnected(link));
  }

  #failure(error: Error & { code?: unknown }): NetworkError {
    if (error instanceof NetworkError) return error;
    const { code } = error;
    if (typeof code === 'string' && LOOKUP_CODES.has(code)) return unresolved('dial', this.address, error);
    // What the library of WebSockets finds wrong in an answer has no code of the system.
    return code === undefined ? refusal(this.address, error.message, error) : networkError('dial', this.address, firstOf(error));
  }

  #fail(cause: NetworkError): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#abandon();
    this.sink.onFailed(cause);
  }

  #abandon(): void {
    this.#cancelLookup?.();
    this.#webSocket?.terminate();
    this.#socket?.destroy();
  }
}

/** As the link's own frames have it (`frame-head.ts`). */
function keepZero(): void {}

/** Of several addresses that failed, the first. */
function firstOf(error: Error): Error {
  return error instanceof AggregateError ? ((error.errors[0] as Error | undefined) ?? error) : error;
}

function refusal({ text }: Address, flaw: string, cause?: Error): NetworkError {
  return new NetworkError('UPGRADE_REFUSED', `cannot connect to ${text}: ${flaw}`, { cause, details: { address: text } });
}
