/**
 * @module TcpTransport: `tcp://host:port`, IPv4 and IPv6. It makes listeners and dials and counts their sockets; what they do is in
 * `listener.ts`, `dial.ts` and `link.ts`.
 */
import type { Address } from '../../core/address/address.js';
import type { Dial, DialSink, Listener, ListenerSink, ResolveSink, Transport } from '../../core/api/transport.js';
import { NetworkError } from '../../core/errors.js';
import { dnsResolver, type HostResolver } from '../../core/platform/node/dns-resolver.js';
import { boolean, callable, either, fallback, oneOf, options, optionsReader, unchecked } from '../../core/schema/index.js';
import { TcpDial } from './dial.js';
import { TcpListener } from './listener.js';
import type { TcpParts } from './parts.js';
import { resolveName, systemResolver } from './resolve.js';
import { processSocketBudget, SocketBudget } from './socket-budget.js';
import { SocketTally, type TcpStats } from './socket-tally.js';

/** The most that the system delivers at once. */
const READ_BYTES = 65_536;

export interface TcpOptions {
  /**
   * Sockets that this transport may have open at once, dials included; at the bound incoming ones are closed at once and dials fail with
   * `LIMIT_EXCEEDED`. Default: one budget for the whole process, its limit of open files less 32 (4096 where the system does not report it).
   */
  readonly socketsMax?: number;
  /**
   * Finds the addresses of host names. Default: the system's resolver, whose look-ups nobody can cancel: one that is under way keeps the
   * process alive until the system gives it up. `dns` reads the hosts file, then asks the name servers of `dns.getServers()` itself, for the
   * name as it stands; its look-ups end with the dial or the listener that they are for.
   */
  readonly resolver?: 'dns' | HostResolver;
  /** Whether sockets and listeners leave it to others to keep the process alive; `false` by default. */
  readonly unref?: boolean;
}

const readOptions = optionsReader(
  'TcpTransport',
  options({
    // `SocketBudget` checks it.
    socketsMax: unchecked<number | undefined>(),
    resolver: fallback(either(oneOf('dns'), callable<HostResolver>('a resolver')), systemResolver),
    unref: fallback(boolean, false),
  }),
);

export class TcpTransport implements Transport {
  readonly schemes = ['tcp'];
  readonly #parts: TcpParts;

  /** Throws `OPTION_INVALID` and `ARGUMENT_INVALID`. */
  constructor(given: TcpOptions = {}) {
    const { socketsMax, resolver, unref } = readOptions(given);
    const budget = socketsMax === undefined ? processSocketBudget() : new SocketBudget(socketsMax);
    const readBuffer = new Uint8Array(READ_BYTES);
    this.#parts = { tally: new SocketTally(budget), resolver: resolver === 'dns' ? dnsResolver : resolver, readBuffer, isUnref: unref };
  }

  listen(address: Address, sink: ListenerSink): Listener {
    checkScheme(address);
    return new TcpListener(address, sink, this.#parts);
  }

  resolve(name: Address, sink: ResolveSink): Dial | undefined {
    return name.hostKind === 'name' ? resolveName(name, this.#parts.resolver, sink) : undefined;
  }

  dial(address: Address, sink: DialSink): Dial {
    checkScheme(address);
    return new TcpDial(address, sink, this.#parts);
  }

  get socketsMax(): number {
    return this.#parts.tally.budget.max;
  }

  /** What is open and what happened, for metrics. */
  stats(): TcpStats {
    return this.#parts.tally.stats();
  }
}

function checkScheme(address: Address): void {
  if (address.scheme !== 'tcp') throw new NetworkError('SCHEME_UNKNOWN', `the TCP transport does not serve ${address.text}`);
}
