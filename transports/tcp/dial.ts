/**
 * @module TcpDial: one dial of one numeric address. What a name stands for is found before (`resolve.ts`), and the addresses race in the
 * engine, which also has the deadline and cancels.
 */
import { connect, type Socket } from 'node:net';
import { Address } from '../../core/address/address.js';
import type { Dial, DialSink } from '../../core/api/transport.js';
import { NetworkError } from '../../core/errors.js';
import { apart } from '../../core/platform/node/apart.js';
import { TcpLink } from './link.js';
import type { TcpParts } from './parts.js';
import { networkError } from './system-error.js';

export class TcpDial implements Dial {
  #socket: Socket | undefined;
  #isDone = false;

  constructor(
    private readonly address: Address,
    private readonly sink: DialSink,
    private readonly parts: TcpParts,
  ) {
    queueMicrotask(() => this.#begin());
  }

  cancel(): void {
    this.#isDone = true;
    this.#socket?.destroy();
  }

  #begin(): void {
    const { tally } = this.parts;
    if (this.#isDone) return;
    if (this.address.hostKind === 'name') this.#fail(flawed(this.address, 'a name is resolved before it is dialled'));
    else if (this.address.port === 0) this.#fail(flawed(this.address, 'port 0 is for listening only'));
    else if (tally.take()) this.#try();
    else this.#fail(tally.budget.refusal(this.address));
  }

  #try(): void {
    const { address, parts } = this;
    const intake: Intake = { link: undefined };
    const socket = openSocket(address, parts.readBuffer, intake);
    this.#socket = socket;
    if (parts.isUnref) socket.unref();
    parts.tally.track(socket);
    const onError = (error: Error) => this.#fail(networkError('dial', address, error));
    socket.once('error', onError);
    socket.once('connect', () => {
      if (this.#isDone) return;
      if (isOwnEcho(socket)) return this.#fail(networkError('dial', address, OWN_ECHO));
      socket.off('error', onError);
      intake.link = this.#onConnected(socket);
    });
  }

  #onConnected(socket: Socket): TcpLink {
    const { host, port } = this.address;
    this.#isDone = true;
    this.#socket = undefined;
    this.parts.tally.connected++;
    const link = new TcpLink(socket, Address.of({ scheme: 'tcp', host, port }));
    link.attach(this.sink.onConnected(link));
    return link;
  }

  #fail(cause: NetworkError): void {
    if (this.#isDone) return;
    this.cancel();
    this.sink.onFailed(cause);
  }
}

/** Where a socket's bytes go. It is all that a connected socket keeps of its dial. */
interface Intake {
  link: TcpLink | undefined;
}

function openSocket({ host, port }: Address, buffer: Uint8Array, intake: Intake): Socket {
  const callback = (byteCount: number): boolean => {
    intake.link?.receive(buffer.subarray(0, byteCount));
    return true;
  };
  return apart(() => connect({ host, port, noDelay: true, autoSelectFamily: false, onread: { buffer, callback } }));
}

function flawed({ text, port }: Address, flaw: string): NetworkError {
  return new NetworkError('ADDRESS_INVALID', `cannot connect to ${text}: ${flaw}`, { details: { address: text, port } });
}

const OWN_ECHO = Object.assign(new Error('the socket was connected to itself'), { code: 'ECONNREFUSED' });

/** A dial of a free local port may get that very port for itself and then meets its own echo: there is no listener. */
function isOwnEcho(socket: Socket): boolean {
  return socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress;
}
