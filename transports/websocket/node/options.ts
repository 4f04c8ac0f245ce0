/**
 * @module Options of the WebSocket transport on Node.
 */
import { BlockList, isIP, isIPv6, Server } from 'node:net';
import type { TlsOptions } from 'node:tls';
import {
  boolean,
  callable,
  either,
  fallback,
  instance,
  list,
  oneOf,
  optional,
  options,
  optionsReader,
  parsed,
  text,
  whole,
} from '../../../core/schema/index.js';
import type { HostResolver } from '../../tcp/resolve.js';

export interface WebSocketOptions {
  /**
   * An HTTP or HTTPS server of the application, which this transport accepts connections at, under one path. The application starts, protects and
   * closes it. `listen` then names the scheme, host and port that the server has (port 0: whichever it has). Absent: each listen address gets a
   * server of its own.
   */
  readonly server?: Server;
  /** Where to accept connections: `/mesh`. An address that has a path of its own uses that. Default: `/`. */
  readonly path?: string;
  /** Certificate and key for `wss://` addresses that are listened on, `ca` for those that are dialled; all that `tls` of Node takes. */
  readonly tls?: TlsOptions;
  /**
   * Pages of which origins may connect, as `https://app.example`; others are answered 403. Programs that are no pages send none, and may connect.
   * Default: pages of all origins, since nothing that a page's user has is used to let it in.
   */
  readonly origins?: readonly string[];
  /**
   * Addresses or networks (`10.0.0.0/8`) of reverse proxies, whose `X-Forwarded-For` is believed: the remote address of a link is then the last
   * one in it that is none of these. Default: none; the header is ignored.
   */
  readonly trustedProxies?: readonly string[];
  /** As for TCP; sockets of an application's server count from their upgrade on. */
  readonly socketsMax?: number;
  /** Connections to this transport's own servers that are not WebSockets yet; further ones are closed. A quarter of it for each address. Default 1,024. */
  readonly upgradesMax?: number;
  /** As for TCP. */
  readonly resolver?: 'dns' | HostResolver;
  /** Whether sockets and listeners leave it to others to keep the process alive; `false` by default. */
  readonly unref?: boolean;
}

const PATH = /^\/[A-Za-z0-9._~/:@+=,-]*$/;
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/\s]+$/;
const LIST_MAX = 256;

const OPTIONS = options({
  server: optional(instance(Server, 'a server of node:http or node:https')),
  path: fallback(text(512, { min: 1, pattern: PATH, what: 'a path such as /mesh' }), '/'),
  tls: fallback(
    parsed('an object with the options of node:tls', (value) => (isObject(value) ? (value as TlsOptions) : undefined)),
    {},
  ),
  origins: optional(list(text(512, { pattern: ORIGIN, what: 'an origin such as https://app.example' }), LIST_MAX)),
  trustedProxies: fallback(list(parsed('an IP address, or a network such as 10.0.0.0/8', networkOf), LIST_MAX), []),
  socketsMax: optional(whole(1)),
  upgradesMax: fallback(whole(1, 1_048_576), 1_024),
  resolver: optional(either(oneOf('dns'), callable<HostResolver>('a resolver'))),
  unref: fallback(boolean, false),
});

/** Throws `OPTION_INVALID`, naming the options. */
export const readWebSocketOptions = optionsReader('WebSocketTransport', OPTIONS);
export type WebSocketSettings = ReturnType<typeof readWebSocketOptions>;

export interface Network {
  readonly address: string;
  readonly prefix: number;
}

/** The networks as one list to ask. */
export function blockListOf(networks: readonly Network[]): BlockList {
  const blocks = new BlockList();
  for (const { address, prefix } of networks) blocks.addSubnet(address, prefix, familyOf(address));
  return blocks;
}

export function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

function networkOf(value: unknown): Network | undefined {
  if (typeof value !== 'string') return undefined;
  const [address = '', prefix, ...rest] = value.split('/');
  const most = isIP(address) === 6 ? 128 : 32;
  const isWhole = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= most);
  return isIP(address) !== 0 && isWhole && rest.length === 0
    ? { address, prefix: prefix === undefined ? most : Number(prefix) }
    : undefined;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
