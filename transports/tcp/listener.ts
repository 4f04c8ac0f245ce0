/**
 * @module TcpListener: one listen address, bound to everything that it means (`binding.ts`). After it listens, nothing that fails in accepting
 * ends it: the system's library tries again by itself, at once and mostly without an event, so that there is no back-off here.
 */
import { createServer, type Socket } from 'node:net';
import type { Address } from '../../core/address/address.js';
import type { Listener, ListenerSink } from '../../core/api/transport.js';
import { freeSpent } from '../../core/platform/node/spent.js';
import { Binding } from './binding.js';
import { TcpLink } from './link.js';
import type { TcpParts } from './parts.js';
import { socketAddress } from './socket-address.js';
import type { SocketTally } from './socket-tally.js';

export class TcpListener implements Listener {
  readonly #sink: ListenerSink;
  readonly #tally: SocketTally;
  readonly #binding: Binding;
  readonly #isUnref: boolean;

  constructor(address: Address, sink: ListenerSink, { tally, resolver, isUnref }: TcpParts) {
    this.#sink = sink;
    this.#tally = tally;
    this.#isUnref = isUnref;
    this.#binding = new Binding({
      address,
      resolver,
      isUnref,
      create: () => createServer({ noDelay: true }),
      onServer: (server) => server.on('error', () => this.#onLost()).on('connection', (socket) => this.#onConnection(socket)),
      onBound: (addresses) => sink.onListening(addresses),
      onFailed: (cause) => sink.onFailed(cause),
    });
  }

  close(): void {
    this.#binding.close();
  }

  #onConnection(socket: Socket): void {
    const remoteAddress = socketAddress(socket.remoteAddress, socket.remotePort);
    if (remoteAddress === undefined || this.#binding.isClosed || !this.#tally.take()) return this.#refuse(socket, remoteAddress);
    if (this.#isUnref) socket.unref();
    this.#tally.track(socket);
    this.#tally.accepted++;
    const link = new TcpLink(socket, remoteAddress);
    const sink = this.#sink.onAccepted(link);
    if (sink === undefined) {
      socket.destroy();
      return;
    }
    link.attach(sink);
    socket.on('data', (bytes) => {
      link.receive(bytes);
      freeSpent([bytes]);
    });
  }

  #refuse(socket: Socket, remoteAddress: Address | undefined): void {
    socket.destroy();
    if (remoteAddress === undefined) this.#onLost();
    else if (!this.#binding.isClosed) this.#sink.onRefused?.('full');
  }

  /** The system could not accept, or accepted a socket that was gone already. */
  #onLost(): void {
    this.#tally.acceptErrors++;
    if (!this.#binding.isClosed) this.#sink.onRefused?.('system');
  }
}
