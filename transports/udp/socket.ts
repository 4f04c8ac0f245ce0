/**
 * @module UdpSocket: one bound socket. `[::]` is dual-stack, reported as both addresses; where the system has no IPv6 it is IPv4 alone. A name
 * binds the first of its addresses that this machine has. Once it is bound nothing ends it but its owner: what the system cannot send or
 * receive is lost and counted.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { Address } from '../../core/address/address.js';
import type { DatagramSink, DatagramSocket } from '../../core/api/transport.js';
import { apart } from '../../core/platform/node/apart.js';
import { BoundedMap } from '../../core/structures/bounded-map.js';
import { type HostResolver, resolveHost } from '../tcp/resolve.js';
import { socketAddress } from '../tcp/socket-address.js';
import { networkError, systemCodeOf, unresolved } from '../tcp/system-error.js';
import type { UdpTally } from './tally.js';

export interface UdpParts {
  readonly tally: UdpTally;
  readonly resolver: HostResolver;
  readonly bufferBytes: number;
  /** Keeps no process alive. */
  readonly isUnref: boolean;
}

const ANY_IPV6 = '::';
const ANY_IPV4 = '0.0.0.0';
/** Remotes whose address is known as an object. */
const REMOTES_MAX = 4_096;
/** The system lacks the address or its family, which another address may make good. */
const ABSENT: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EPROTONOSUPPORT', 'EINVAL']);

type Lookup = (host: string, options: unknown, callback: (error: null, address: string, family: number) => void) => void;

export class UdpSocket implements DatagramSocket {
  readonly #remotes = new BoundedMap<string, Address>(REMOTES_MAX);
  /** Most datagrams come from where the last one came from. */
  #lastHost: string | undefined;
  #last: Address | undefined;
  #socket: Socket | undefined;
  #isIpv6 = false;
  #isBound = false;
  #isClosed = false;
  readonly #cancelLookup: (() => void) | undefined;

  constructor(
    private readonly address: Address,
    private readonly sink: DatagramSink,
    private readonly parts: UdpParts,
  ) {
    this.#cancelLookup = resolveHost(address, parts.resolver, (hosts, error) => {
      if (this.#isClosed) return;
      if (error === undefined) this.#bind(hosts.includes(ANY_IPV6) ? [...hosts, ANY_IPV4] : hosts);
      else this.#fail(unresolved('listen', address, error));
    });
  }

  send(datagrams: readonly Uint8Array[], to: Address): void {
    const socket = this.#socket;
    if (!this.#isBound || socket === undefined) return;
    const host = this.#isIpv6 && to.hostKind === 'ipv4' ? `::ffff:${to.host}` : to.host;
    try {
      for (const datagram of datagrams) socket.send(datagram, to.port, host, this.parts.tally.onSent);
    } catch (error) {
      this.parts.tally.onSent(error as Error);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelLookup?.();
    this.#drop();
  }

  /** Tries the hosts, until the machine has one of them. */
  #bind([host, ...others]: readonly string[]): void {
    const { address, parts } = this;
    if (host === undefined) return;
    const isIpv6 = host.includes(':');
    const lookup: Lookup = (name, _options, callback) => callback(null, name, isIpv6 ? 6 : 4);
    const socket = apart(() => createSocket({ type: isIpv6 ? 'udp6' : 'udp4', lookup: lookup as never }));
    this.#socket = socket;
    this.#isIpv6 = isIpv6;
    if (parts.isUnref) socket.unref();
    socket.once('error', (error) => {
      this.#drop();
      if (this.#isClosed) return;
      if (others.length > 0 && ABSENT.has(systemCodeOf(error))) this.#bind(others);
      else this.#fail(networkError('listen', address, error, host));
    });
    apart(() => socket.bind({ address: host, port: address.port, exclusive: true }, () => this.#bound(socket)));
  }

  #bound(socket: Socket): void {
    if (this.#isClosed) return;
    const { tally, bufferBytes } = this.parts;
    this.#isBound = true;
    tally.sockets++;
    socket.removeAllListeners('error');
    socket.on('error', () => void tally.receiveErrors++);
    socket.on('message', (bytes, remote) => this.#received(bytes, remote));
    enlarge(socket, bufferBytes);
    const { address, port } = socket.address();
    const hosts = address === ANY_IPV6 ? [ANY_IPV6, ANY_IPV4] : [address];
    this.sink.onListening(hosts.map((host) => this.address.withHost(host).withPort(port)));
  }

  #received(bytes: Uint8Array, { address, port }: RemoteInfo): void {
    if (this.#isClosed) return;
    const from = this.#lastHost === address && this.#last?.port === port ? this.#last : this.#remoteAt(address, port);
    if (from === undefined) return;
    this.#lastHost = address;
    this.#last = from;
    // A Buffer would make each view of it a Buffer, which is expensive.
    this.sink.onDatagram(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), from);
  }

  #remoteAt(host: string, port: number): Address | undefined {
    const key = `${host} ${port}`;
    const known = this.#remotes.get(key);
    const remote = known ?? remoteOf(host, port);
    if (known === undefined && remote !== undefined) this.#remotes.set(key, remote);
    return remote;
  }

  #fail(cause: Parameters<DatagramSink['onFailed']>[0]): void {
    this.#isClosed = true;
    this.sink.onFailed(cause);
  }

  #drop(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    if (this.#isBound) this.parts.tally.sockets--;
    this.#isBound = false;
    socket.removeAllListeners();
    socket.on('error', () => {});
    socket.close();
  }
}

/** `undefined` for a port 0, from which nobody can be answered. */
function remoteOf(host: string, port: number): Address | undefined {
  return port === 0 ? undefined : socketAddress(host, port, 'udp');
}

/** As far as the system allows: what it does not is no fault. */
function enlarge(socket: Socket, byteCount: number): void {
  try {
    socket.setRecvBufferSize(byteCount);
    socket.setSendBufferSize(byteCount);
  } catch {}
}
