/**
 * @module Binding: servers on everything that one listen address means. `[::]` is one dual-stack socket for IPv6 and IPv4, reported
 * as both addresses; where the system has no IPv6 it is IPv4 alone, and only that is reported. `0.0.0.0` is IPv4 alone. A name binds
 * all of its addresses that this machine has, on one port. What the servers do with what connects is their maker's business.
 */
import type { AddressInfo, Server } from 'node:net';
import type { Address } from '../../core/address/address.js';
import type { NetworkError } from '../../core/errors.js';
import { apart } from '../../core/platform/node/apart.js';
import { type HostResolver, resolveHost } from './resolve.js';
import { networkError, systemCodeOf, unresolved } from './system-error.js';

const ANY_IPV6 = '::';
const ANY_IPV4 = '0.0.0.0';
/** How often a free port is looked for that is free on all addresses of a name. */
const PORT_ATTEMPTS_MAX = 8;
/** The system lacks the address or its family, which another address may make good. */
const ABSENT: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EPROTONOSUPPORT']);

export interface BindingOptions {
  readonly address: Address;
  readonly resolver: HostResolver;
  /** The servers keep no process alive. */
  readonly isUnref: boolean;
  /** A server that does not listen yet. */
  readonly create: () => Server;
  /** It listens from now on. */
  readonly onServer: (server: Server) => void;
  /** What is bound; called once, later, unless it fails or is closed. */
  readonly onBound: (addresses: readonly Address[]) => void;
  readonly onFailed: (cause: NetworkError) => void;
}

export class Binding {
  readonly #options: BindingOptions;
  readonly #cancelLookup: (() => void) | undefined;
  #servers: Server[] = [];
  #isClosed = false;

  constructor(options: BindingOptions) {
    const { address, resolver } = options;
    this.#options = options;
    this.#cancelLookup = resolveHost(address, resolver, (hosts, error) => {
      if (this.#isClosed) return;
      if (error === undefined) void this.#open(hosts);
      else this.#fail(unresolved('listen', address, error));
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelLookup?.();
    this.#closeServers();
  }

  async #open(hosts: readonly string[]): Promise<void> {
    const { address, onBound } = this.#options;
    let error = await this.#bindAll(hosts);
    const isRandom = address.port === 0 && hosts.length > 1;
    for (let attempt = 1; isRandom && attempt < PORT_ATTEMPTS_MAX && error?.code === 'ADDRESS_IN_USE'; attempt++) {
      this.#closeServers();
      error = await this.#bindAll(hosts);
    }
    if (this.#isClosed) this.#closeServers();
    else if (error === undefined) onBound(this.#servers.flatMap((server) => this.#boundTo(server)));
    else this.#fail(error);
  }

  /** Binds every host that the machine has, all on the port of the first. Resolves with what went wrong, or `undefined`. */
  async #bindAll(hosts: readonly string[]): Promise<NetworkError | undefined> {
    let absent: NetworkError | undefined;
    for (const host of hosts) {
      const error = await this.#bind(host);
      if (this.#isClosed) return undefined;
      if (error === undefined) continue;
      absent = networkError('listen', this.#options.address, error, host);
      if (!ABSENT.has(systemCodeOf(error))) return absent;
      if (host === ANY_IPV6) return this.#bindAll([ANY_IPV4]);
    }
    return this.#servers.length > 0 ? undefined : absent;
  }

  #bind(host: string): Promise<Error | undefined> {
    const { address, create, onServer, isUnref } = this.#options;
    const bound = this.#servers[0]?.address() as AddressInfo | undefined;
    const server = apart(create);
    if (isUnref) server.unref();
    return new Promise((resolve) => {
      server.once('error', resolve);
      const onListening = () => {
        server.off('error', resolve);
        this.#servers.push(server);
        onServer(server);
        resolve(undefined);
      };
      apart(() => server.listen({ host, port: bound?.port ?? address.port, exclusive: true }, onListening));
    });
  }

  #boundTo(server: Server): readonly Address[] {
    const { address, port } = server.address() as AddressInfo;
    const hosts = address === ANY_IPV6 ? [ANY_IPV6, ANY_IPV4] : [address];
    return hosts.map((host) => this.#options.address.withHost(host).withPort(port));
  }

  #fail(cause: NetworkError): void {
    this.close();
    this.#options.onFailed(cause);
  }

  #closeServers(): void {
    for (const server of this.#servers) server.close();
    this.#servers = [];
  }
}
