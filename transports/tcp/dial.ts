/**
 * @module TcpDial: one dial. A name's addresses race as in RFC 8305: the next one starts when the last failed or has been silent for
 * 250 ms; the first that connects wins and the others are dropped. The deadline is the engine's, which cancels.
 */
import { connect, type Socket } from 'node:net';
import { Address } from '../../core/address/address.js';
import type { Dial, DialSink } from '../../core/api/transport.js';
import { NetworkError } from '../../core/errors.js';
import { TcpLink } from './link.js';
import type { TcpParts } from './parts.js';
import { resolveHost } from './resolve.js';
import type { SocketTally } from './socket-tally.js';
import { networkError, unresolved } from './system-error.js';

const NEXT_ATTEMPT_MS = 250;

export class TcpDial implements Dial {
  readonly #address: Address;
  readonly #sink: DialSink;
  readonly #tally: SocketTally;
  readonly #readBuffer: Uint8Array;
  /** Numeric hosts that are not tried yet. */
  #waiting: string[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #failures: NetworkError[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #isUnref: boolean;
  readonly #cancelLookup: (() => void) | undefined;
  #isDone = false;

  constructor(address: Address, sink: DialSink, { tally, resolver, readBuffer, isUnref }: TcpParts) {
    this.#address = address;
    this.#sink = sink;
    this.#tally = tally;
    this.#readBuffer = readBuffer;
    this.#isUnref = isUnref;
    this.#cancelLookup = resolveHost(address, resolver, (hosts, error) => this.#onResolved(hosts, error));
  }

  cancel(): void {
    this.#isDone = true;
    clearTimeout(this.#timer);
    this.#cancelLookup?.();
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  #onResolved(hosts: readonly string[], error: Error | undefined): void {
    if (this.#isDone) return;
    this.#waiting = [...hosts];
    if (this.#address.port === 0) this.#failures.push(portMissing(this.#address));
    else if (error !== undefined) this.#failures.push(unresolved('dial', this.#address, error));
    if (this.#failures.length > 0) this.#fail();
    else this.#tryNext();
  }

  #tryNext(): void {
    clearTimeout(this.#timer);
    const host = this.#waiting.shift();
    if (host === undefined) {
      if (this.#sockets.size === 0) this.#fail();
    } else if (this.#tally.take()) {
      this.#try(host);
      if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#tryNext(), NEXT_ATTEMPT_MS);
    } else {
      this.#failures.push(this.#tally.budget.refusal(this.#address));
      this.#tryNext();
    }
  }

  #try(host: string): void {
    const intake: Intake = { link: undefined };
    const socket = openSocket(host, this.#address.port, this.#readBuffer, intake);
    if (this.#isUnref) socket.unref();
    this.#tally.track(socket);
    this.#sockets.add(socket);
    const onError = (error: Error) => this.#onFailed(socket, networkError('dial', this.#address, error, host));
    socket.once('error', onError);
    socket.once('connect', () => {
      if (this.#isDone) return;
      if (isOwnEcho(socket)) return this.#onFailed(socket, networkError('dial', this.#address, OWN_ECHO, host));
      socket.off('error', onError);
      intake.link = this.#onConnected(socket, host);
    });
  }

  #onConnected(socket: Socket, host: string): TcpLink {
    this.#sockets.delete(socket);
    this.cancel();
    this.#tally.connected++;
    const link = new TcpLink(socket, Address.of({ scheme: 'tcp', host, port: this.#address.port }));
    link.attach(this.#sink.onConnected(link));
    return link;
  }

  #onFailed(socket: Socket, cause: NetworkError): void {
    if (this.#isDone) return;
    this.#sockets.delete(socket);
    socket.destroy();
    this.#failures.push(cause);
    this.#tryNext();
  }

  #fail(): void {
    this.#isDone = true;
    this.#sink.onFailed(this.#failures.length === 1 ? (this.#failures[0] as NetworkError) : severalFailures(this.#address, this.#failures));
  }
}

/** Where a socket's bytes go. It is all that a connected socket keeps of its dial. */
interface Intake {
  link: TcpLink | undefined;
}

function openSocket(host: string, port: number, buffer: Uint8Array, intake: Intake): Socket {
  const callback = (byteCount: number): boolean => {
    intake.link?.receive(buffer.subarray(0, byteCount));
    return true;
  };
  return connect({ host, port, noDelay: true, autoSelectFamily: false, onread: { buffer, callback } });
}

/** One error for all addresses of a name, each with its own reason. */
function severalFailures(address: Address, failures: readonly NetworkError[]): NetworkError {
  const code = new Set(failures.map((failure) => failure.code)).size === 1 ? (failures[0] as NetworkError).code : 'DIAL_FAILED';
  const reasons = failures.map((failure) => ({ code: failure.code, text: failure.message, host: failure.details['host'] }));
  const text = `cannot connect to ${address.text}: ${failures.map((failure) => failure.message).join('; ')}`;
  return new NetworkError(code, text, { cause: failures[0], details: { address: address.text, port: address.port, reasons } });
}

function portMissing(address: Address): NetworkError {
  const text = `cannot connect to ${address.text}: port 0 is for listening only`;
  return new NetworkError('ADDRESS_INVALID', text, { details: { address: address.text, port: 0 } });
}

const OWN_ECHO = Object.assign(new Error('the socket was connected to itself'), { code: 'ECONNREFUSED' });

/** A dial of a free local port may get that very port for itself and then meets its own echo: there is no listener. */
function isOwnEcho(socket: Socket): boolean {
  return socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress;
}
