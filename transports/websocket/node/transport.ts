/**
 * @module WebSocketTransport on Node: `ws://host:port/path` and `wss://…`, listened on by servers of its own or at one of the application's. What
 * listeners and dials do is in `listener.ts`, `dial.ts` and `link.ts`.
 */
import { Address } from '../../../core/address/address.js';
import type { Dial, DialSink, Listener, ListenerSink, Transport } from '../../../core/api/transport.js';
import { dnsResolver } from '../../../core/platform/node/dns-resolver.js';
import { systemResolver } from '../../tcp/resolve.js';
import { processSocketBudget, SocketBudget } from '../../tcp/socket-budget.js';
import { SocketTally, type TcpStats } from '../../tcp/socket-tally.js';
import { checkScheme, WEBSOCKET_SCHEMES } from '../address.js';
import { AttachedListener } from './attached-listener.js';
import { WebSocketDial } from './dial.js';
import { blockListOf, readWebSocketOptions, type WebSocketOptions } from './options.js';
import type { WebSocketParts } from './parts.js';
import { ServerListener } from './server-listener.js';

/** As of TCP: sockets, and what happened to the rest. */
export type WebSocketStats = TcpStats;

export class WebSocketTransport implements Transport {
  readonly schemes = WEBSOCKET_SCHEMES;
  readonly #parts: WebSocketParts;

  constructor(options: WebSocketOptions = {}) {
    const settings = readWebSocketOptions(options);
    const budget = settings.socketsMax === undefined ? processSocketBudget() : new SocketBudget(settings.socketsMax);
    const resolver = settings.resolver === 'dns' ? dnsResolver : (settings.resolver ?? systemResolver);
    this.#parts = { settings, tally: new SocketTally(budget), resolver, proxies: blockListOf(settings.trustedProxies) };
  }

  listen(address: Address, sink: ListenerSink): Listener {
    checkScheme(address);
    const path = address.name === undefined ? this.#parts.settings.path : `/${address.name}`;
    const place = address.name === undefined ? withPath(address, path) : address;
    const { server } = this.#parts.settings;
    return server === undefined
      ? new ServerListener({ address: place, path }, sink, this.#parts)
      : new AttachedListener({ address: place, path, server }, sink, this.#parts);
  }

  dial(address: Address, sink: DialSink): Dial {
    checkScheme(address);
    return new WebSocketDial(address, sink, this.#parts);
  }

  get socketsMax(): number {
    return this.#parts.tally.budget.max;
  }

  /** What is open and what happened, for metrics. */
  stats(): WebSocketStats {
    return this.#parts.tally.stats();
  }
}

function withPath(address: Address, path: string): Address {
  return path === '/' ? address : Address.of({ ...address, name: path.slice(1) });
}
