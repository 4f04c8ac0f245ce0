/**
 * @module ProxyRemote: a node, or a provider of a service, as one that lends its network, and that serves sites.
 */
import {
  type AwaitedWork,
  type LocalSocket,
  limitReached,
  NetworkError,
  type Route,
  type SocketEndpoint,
  type SocketListener,
} from '../../../core/index.js';
import { fallback, list, optional, options, optionsReader, refined, shown, text, whole } from '../../../core/schema/index.js';
import type { ProxyHost } from '../host.js';
import { SITE_LENGTH_MAX } from '../messages.js';
import { HEADERS_LENGTH_MAX, HEADERS_MAX } from '../protocols/headers.js';
import { isUsable } from '../protocols/socks5.js';
import { isLoopback, parseTarget, targetOf, textOf } from '../rules/target.js';
import type { LocalProxy, Programs, Protocol } from './entrance.js';
import { lead } from './gateway.js';
import type { Openings } from './openings.js';
import { httpProxy, type ProtocolParts, plain, socks } from './protocols.js';
import { send } from './requests.js';

/** Where an entrance listens. */
export interface EntranceOptions {
  /** A numeric host of this machine. 127.0.0.1 by default. One that is not loopback lets others in. */
  readonly host?: string;
  /** 0 by default: a free one. */
  readonly port?: number;
}

/** Who may use an entrance for any target. */
export interface ProxyEntranceOptions extends EntranceOptions {
  /** What programs have to give, 1 to 255 bytes each. Absent: nothing; then the host must be loopback. */
  readonly credentials?: { readonly user: string; readonly password: string };
}

/** Which site of the other node. */
export interface SiteOptions {
  /** Its name. Empty by default: the one that has none. */
  readonly site?: string;
}

/** A gateway to a site. */
export interface GatewayOptions extends EntranceOptions, SiteOptions {
  /** Host names that programs may use beside numbers and `localhost`, lower case: a page of another origin must not get here by a name of its own. */
  readonly hosts?: readonly string[];
}

const ENTRANCE = {
  host: refined(fallback(text(45), '127.0.0.1'), 'must be a numeric host', (host) => targetOf(host, 1)?.bytes !== undefined),
  port: fallback(whole(0, 65_535), 0),
};
const SITE = { site: fallback(text(SITE_LENGTH_MAX), '') };
const CREDENTIALS = refined(options({ user: text(255), password: text(255) }), 'must have 1 to 255 bytes each', isUsable);
const PROXY_ENTRANCE = refined(
  options({ ...ENTRANCE, credentials: optional(CREDENTIALS) }),
  'must be there where the host is not loopback',
  ({ host, credentials }) => credentials !== undefined || isLoopback(targetOf(host, 1)?.bytes),
  'credentials',
);
const GATEWAY = options({ ...ENTRANCE, ...SITE, hosts: fallback(list(text(253), 64), []) });

const readEntrance = optionsReader('proxy', options(ENTRANCE), 'ARGUMENT_INVALID');
const readProxyEntrance = optionsReader('proxy', PROXY_ENTRANCE, 'ARGUMENT_INVALID');
const readSite = optionsReader('proxy', options(SITE), 'ARGUMENT_INVALID');
const readGateway = optionsReader('proxy', GATEWAY, 'ARGUMENT_INVALID');

export interface RemoteParts {
  readonly host: ProxyHost;
  readonly openings: Openings;
  readonly programs: Programs;
  /** Until the behaviour ends. */
  readonly listeners: Set<LocalProxy>;
  /** Throws `NOT_STARTED`. */
  readonly requireRunning: () => void;
  readonly awaited: AwaitedWork;
}

/** Listeners of all entrances together. */
const LISTENERS_MAX = 64;

export class ProxyRemote {
  constructor(
    private readonly parts: RemoteParts,
    private readonly route: Route,
  ) {}

  /**
   * Listens on a port of this machine that leads to one target, `host:port`, as the other node sees it. Names are looked up there. A target that cannot be
   * reached resets the connections. Rejects with `ARGUMENT_INVALID`, `ADDRESS_IN_USE`, `ADDRESS_UNAVAILABLE`, `LIMIT_EXCEEDED` and `NOT_STARTED`.
   */
  async proxy(target: string, given: EntranceOptions = {}): Promise<LocalProxy> {
    return this.parts.awaited(async () => {
      const read = typeof target === 'string' ? parseTarget(target) : undefined;
      if (read === undefined) throw new NetworkError('ARGUMENT_INVALID', 'proxy: target must be host:port');
      return this.listen(readEntrance(given), plain(this.protocolParts, read));
    });
  }

  /** As `proxy`, for whatever target a program names by SOCKS 5. Names are looked up by the other node. */
  async socks(given: ProxyEntranceOptions = {}): Promise<LocalProxy> {
    return this.parts.awaited(async () => {
      const { credentials, ...endpoint } = readProxyEntrance(given);
      return this.listen(endpoint, socks({ ...this.protocolParts, credentials }));
    });
  }

  /** As `socks`, for programs that speak to an HTTP proxy: CONNECT, and one request for each connection to a whole `http://` address. */
  async httpProxy(given: ProxyEntranceOptions = {}): Promise<LocalProxy> {
    return this.parts.awaited(async () => {
      const { credentials, ...endpoint } = readProxyEntrance(given);
      return this.listen(endpoint, httpProxy({ ...this.protocolParts, credentials }));
    });
  }

  /**
   * A request to what the other node serves (`publish`, `onRequest`). Of the URL, host and path count; the host goes there as a field. Resolves with the
   * response, whatever its status. Rejects with `PROXY_DENIED`, `PROXY_OVERLOADED`, `PROXY_TARGET_FAILED`, `CALL_CANCELLED`, `ARGUMENT_INVALID` and
   * `NOT_STARTED`.
   */
  async http(request: Request | string, given: SiteOptions = {}): Promise<Response> {
    return this.parts.awaited(async () => {
      const { site } = readSite(given);
      this.parts.requireRunning();
      return send(this.parts.openings, this.route, requestOf(request), site);
    });
  }

  /** Listens on a port of this machine for HTTP, and leads each request to a site of the other node, WebSocket and server-sent events included. */
  async gateway(given: GatewayOptions = {}): Promise<LocalProxy> {
    return this.parts.awaited(async () => {
      const { site, hosts, ...endpoint } = readGateway(given);
      const { host, openings } = this.parts;
      const { headTimeoutMs, programsMax: connectionsMax } = host.settings;
      const parts = { host, openings, route: this.route, site, hosts };
      const bounds = { headTimeoutMs, headBytesMax: HEADERS_LENGTH_MAX, headersMax: HEADERS_MAX, connectionsMax };
      const begin = () => host.http.listen(endpoint, bounds, (exchange) => void lead(parts, exchange));
      return this.open(endpoint, begin, () => {});
    });
  }

  private get protocolParts(): ProtocolParts {
    const { host, openings } = this.parts;
    return { host, openings, route: this.route };
  }

  private listen(endpoint: SocketEndpoint, protocol: Protocol): Promise<LocalProxy> {
    const { host, programs } = this.parts;
    const owner = {};
    const onSocket = (socket: LocalSocket) => void programs.serve(owner, socket, protocol);
    return this.open(
      endpoint,
      () => host.sockets.listen(endpoint, onSocket),
      () => programs.end(owner),
    );
  }

  private async open(endpoint: SocketEndpoint, begin: () => Promise<SocketListener>, ended: () => void): Promise<LocalProxy> {
    const { listeners, requireRunning } = this.parts;
    requireRunning();
    if (listeners.size >= LISTENERS_MAX)
      throw limitReached({ limit: 'LISTENERS_MAX', current: listeners.size, maximum: LISTENERS_MAX, scope: 'proxy' });
    const listener = await begin().catch((cause) => {
      const code = (Object(cause) as { readonly code?: string }).code ?? 'UNKNOWN';
      const text = `proxy: cannot listen on ${textOf(endpoint)}: ${code}`;
      throw new NetworkError(code === 'EADDRINUSE' ? 'ADDRESS_IN_USE' : 'ADDRESS_UNAVAILABLE', text, { cause });
    });
    const close = () => {
      listeners.delete(local);
      listener.close();
      ended();
    };
    const local: LocalProxy = { host: listener.local.host, port: listener.local.port, address: textOf(listener.local), close };
    listeners.add(local);
    try {
      requireRunning();
    } catch (error) {
      close();
      throw error;
    }
    return local;
  }
}

function requestOf(given: Request | string): Request {
  const { url, headers, signal } = Object(given) as Partial<Request>;
  if (typeof url === 'string' && headers !== undefined && signal !== undefined) return given as Request;
  try {
    if (typeof given === 'string') return new Request(given);
  } catch (cause) {
    throw new NetworkError('ARGUMENT_INVALID', `http: request is no URL: ${given}`, { cause });
  }
  throw new NetworkError('ARGUMENT_INVALID', `http: request is ${shown(given)}; it must be a URL or a Request`);
}
