/**
 * @module UdpTransport: `udp://host:port`, IPv4 and IPv6. It binds sockets; what they do is in `socket.ts`. What of a remote's datagrams was lost,
 * doubled or forged is the core's business.
 */
import { Address } from '../../core/address/address.js';
import type { DatagramSink, DatagramSocket, DatagramTransport, Dial, ResolveSink } from '../../core/api/transport.js';
import { NetworkError } from '../../core/errors.js';
import { classicRepair } from '../../core/kits/flow/classic/index.js';
import type { Repair } from '../../core/kits/flow/repaired/repair.js';
import { dnsResolver } from '../../core/platform/node/dns-resolver.js';
import { boolean, callable, either, fallback, oneOf, optional, options, optionsReader, whole } from '../../core/schema/index.js';
import { type HostResolver, resolveName, systemResolver } from '../tcp/resolve.js';
import { UdpSocket } from './socket.js';
import { type UdpStats, UdpTally } from './tally.js';

/** What a UDP transport may be told. */
export interface UdpOptions {
  /** What the system keeps of datagrams that were not read, and not sent yet, for each socket: 4 MiB by default; it may allow less. */
  readonly bufferBytes?: number;
  /**
   * How this node repairs what was lost. By default it goes by measured round trips. `classic`: fixed numbers, as an overlay of 2013 had them, without congestion control, for
   * comparisons and for networks that count on them. The other end of a link may have either.
   */
  readonly repair?: 'classic';
  /** As for TCP. */
  readonly resolver?: 'dns' | HostResolver;
  /** Whether sockets leave it to others to keep the process alive; `false` by default. */
  readonly unref?: boolean;
}

const BUFFER_BYTES = 4_194_304;
const BUFFER_BYTES_MAX = 1_073_741_824;

const readOptions = optionsReader(
  'UdpTransport',
  options({
    bufferBytes: fallback(whole(1, BUFFER_BYTES_MAX), BUFFER_BYTES),
    repair: optional(oneOf('classic')),
    resolver: optional(either(oneOf('dns'), callable<HostResolver>('a resolver'))),
    unref: fallback(boolean, false),
  }),
);

export class UdpTransport implements DatagramTransport {
  readonly schemes = ['udp'];
  readonly repair: Repair | undefined;
  readonly #tally = new UdpTally();
  readonly #resolver: HostResolver;
  readonly #bufferBytes: number;
  readonly #isUnref: boolean;

  /** Throws `OPTION_INVALID`. */
  constructor(given: UdpOptions = {}) {
    const { bufferBytes, repair, resolver, unref } = readOptions(given);
    this.repair = repair === 'classic' ? classicRepair : undefined;
    this.#bufferBytes = bufferBytes;
    this.#resolver = resolver === 'dns' ? dnsResolver : (resolver ?? systemResolver);
    this.#isUnref = unref;
  }

  bind(address: Address, sink: DatagramSink): DatagramSocket {
    if (address.scheme !== 'udp') throw new NetworkError('SCHEME_UNKNOWN', `the UDP transport does not serve ${address.text}`);
    return new UdpSocket(address, sink, {
      tally: this.#tally,
      resolver: this.#resolver,
      bufferBytes: this.#bufferBytes,
      isUnref: this.#isUnref,
    });
  }

  /** Both families, any port. */
  anyAddress(): Address {
    return Address.of({ scheme: 'udp', host: '::', port: 0 });
  }

  resolve(name: Address, sink: ResolveSink): Dial | undefined {
    return name.hostKind === 'name' ? resolveName(name, this.#resolver, sink) : undefined;
  }

  /** What is open and what happened, for metrics. */
  stats(): UdpStats {
    return this.#tally.stats();
  }
}
