/**
 * @module TcpListener: one listen address, bound to everything that it means. `[::]` is one dual-stack socket for IPv6 and IPv4, reported
 * as both addresses; where the system has no IPv6 it is IPv4 alone, and only that is reported. `0.0.0.0` is IPv4 alone. A name binds
 * all of its addresses that this machine has, on one port. After it listens, nothing that fails in accepting ends it:
 * the system's library tries again by itself, at once and mostly without an event, so that there is no back-off here.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Address } from '../../core/address/address.js';
import type { Listener, ListenerSink } from '../../core/api/transport.js';
import type { NetworkError } from '../../core/errors.js';
import { freeSpent } from '../../core/platform/node/spent.js';
import { TcpLink } from './link.js';
import type { TcpParts } from './parts.js';
import { resolveHost } from './resolve.js';
import { socketAddress } from './socket-address.js';
import type { SocketTally } from './socket-tally.js';
import { networkError, systemCodeOf, unresolved } from './system-error.js';

const ANY_IPV6 = '::';
const ANY_IPV4 = '0.0.0.0';
/** How often a free port is looked for that is free on all addresses of a name. */
const PORT_ATTEMPTS_MAX = 8;
/** The system lacks the address or its family, which another address may make good. */
const ABSENT: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EPROTONOSUPPORT']);

export class TcpListener implements Listener {
  readonly #address: Address;
  readonly #sink: ListenerSink;
  readonly #tally: SocketTally;
  #servers: Server[] = [];
  #isClosed = false;
  readonly #isUnref: boolean;
  readonly #cancelLookup: (() => void) | undefined;

  constructor(address: Address, sink: ListenerSink, { tally, resolver, isUnref }: TcpParts) {
    this.#address = address;
    this.#sink = sink;
    this.#tally = tally;
    this.#isUnref = isUnref;
    this.#cancelLookup = resolveHost(address, resolver, (hosts, error) => {
      if (this.#isClosed) return;
      if (error === undefined) void this.#open(hosts);
      else this.#fail(unresolved('listen', address, error));
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelLookup?.();
    this.#closeServers();
  }

  async #open(hosts: readonly string[]): Promise<void> {
    let error = await this.#bindAll(hosts);
    const isRandom = this.#address.port === 0 && hosts.length > 1;
    for (let attempt = 1; isRandom && attempt < PORT_ATTEMPTS_MAX && error?.code === 'ADDRESS_IN_USE'; attempt++) {
      this.#closeServers();
      error = await this.#bindAll(hosts);
    }
    if (this.#isClosed) this.#closeServers();
    else if (error === undefined) this.#sink.onListening(this.#servers.flatMap((server) => this.#boundTo(server)));
    else this.#fail(error);
  }

  /** Binds every host that the machine has, all on the port of the first. Resolves with what went wrong, or `undefined`. */
  async #bindAll(hosts: readonly string[]): Promise<NetworkError | undefined> {
    let absent: NetworkError | undefined;
    for (const host of hosts) {
      const error = await this.#bind(host);
      if (this.#isClosed) return undefined;
      if (error === undefined) continue;
      absent = networkError('listen', this.#address, error, host);
      if (!ABSENT.has(systemCodeOf(error))) return absent;
      if (host === ANY_IPV6) return this.#bindAll([ANY_IPV4]);
    }
    return this.#servers.length > 0 ? undefined : absent;
  }

  #bind(host: string): Promise<Error | undefined> {
    const bound = this.#servers[0]?.address() as AddressInfo | undefined;
    const server = createServer({ noDelay: true });
    if (this.#isUnref) server.unref();
    return new Promise((resolve) => {
      server.once('error', resolve);
      server.listen({ host, port: bound?.port ?? this.#address.port, exclusive: true }, () => {
        server.off('error', resolve);
        server.on('error', () => this.#onLost());
        server.on('connection', (socket) => this.#onConnection(socket));
        this.#servers.push(server);
        resolve(undefined);
      });
    });
  }

  #onConnection(socket: Socket): void {
    const remoteAddress = socketAddress(socket.remoteAddress, socket.remotePort);
    if (remoteAddress === undefined || this.#isClosed || !this.#tally.take()) return this.#refuse(socket, remoteAddress);
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
    else if (!this.#isClosed) this.#sink.onRefused?.('full');
  }

  /** The system could not accept, or accepted a socket that was gone already. */
  #onLost(): void {
    this.#tally.acceptErrors++;
    if (!this.#isClosed) this.#sink.onRefused?.('system');
  }

  #boundTo(server: Server): readonly Address[] {
    const { address, port } = server.address() as AddressInfo;
    const hosts = address === ANY_IPV6 ? [ANY_IPV6, ANY_IPV4] : [address];
    return hosts.map((host) => this.#address.withHost(host).withPort(port));
  }

  #fail(cause: NetworkError): void {
    this.close();
    this.#sink.onFailed(cause);
  }

  #closeServers(): void {
    for (const server of this.#servers) server.close();
    this.#servers = [];
  }
}
