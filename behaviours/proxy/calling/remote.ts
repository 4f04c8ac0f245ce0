/**
 * @module ProxyRemote: a node, or a provider of a service, as one that lends its network.
 */
import { type LocalSocket, NetworkError, type Route, type SocketListener } from '../../../core/index.js';
import { fallback, optional, options, optionsReader, refined, text, whole } from '../../../core/schema/index.js';
import type { ProxyHost } from '../host.js';
import { isUsable } from '../protocols/socks5.js';
import { parseTarget, targetOf, textOf } from '../rules/target.js';
import type { LocalProxy, Programs, Protocol } from './entrance.js';
import type { Openings } from './openings.js';
import { httpProxy, type ProtocolParts, plain, socks } from './protocols.js';

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

const ENTRANCE = {
  host: refined(fallback(text(45), '127.0.0.1'), 'must be a numeric host', (host) => targetOf(host, 1)?.bytes !== undefined),
  port: fallback(whole(0, 65_535), 0),
};
const CREDENTIALS = refined(options({ user: text(255), password: text(255) }), 'must have 1 to 255 bytes each', isUsable);
const readEntrance = optionsReader('proxy', options(ENTRANCE), 'ARGUMENT_INVALID');
const readProxyEntrance = optionsReader(
  'proxy',
  refined(
    options({ ...ENTRANCE, credentials: optional(CREDENTIALS) }),
    'must be there where the host is not loopback',
    ({ host, credentials }) => credentials !== undefined || /^(127\.|::1$)/.test(host),
    'credentials',
  ),
  'ARGUMENT_INVALID',
);

export interface RemoteParts {
  readonly host: ProxyHost;
  readonly openings: Openings;
  readonly programs: Programs;
  /** Until the behaviour ends. */
  readonly listeners: Set<LocalProxy>;
  /** Throws `NOT_STARTED`. */
  readonly requireRunning: () => void;
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
   * reached resets the connections. Rejects with `ARGUMENT_INVALID`, `ADDRESS_UNAVAILABLE` and `NOT_STARTED`.
   */
  async proxy(target: string, given: EntranceOptions = {}): Promise<LocalProxy> {
    const read = parseTarget(target);
    if (read === undefined) throw new NetworkError('ARGUMENT_INVALID', 'proxy: target must be host:port');
    return this.listen(readEntrance(given), plain(this.protocolParts, read));
  }

  /** As `proxy`, for whatever target a program names by SOCKS 5. Names are looked up by the other node. */
  async socks(given: ProxyEntranceOptions = {}): Promise<LocalProxy> {
    const { credentials, ...entrance } = readProxyEntrance(given);
    return this.listen(entrance, socks({ ...this.protocolParts, credentials }));
  }

  /** As `socks`, for programs that speak to an HTTP proxy: CONNECT, and one request for each connection to a whole `http://` address. */
  async httpProxy(given: ProxyEntranceOptions = {}): Promise<LocalProxy> {
    const { credentials, ...entrance } = readProxyEntrance(given);
    return this.listen(entrance, httpProxy({ ...this.protocolParts, credentials }));
  }

  private get protocolParts(): ProtocolParts {
    const { host, openings } = this.parts;
    return { host, openings, route: this.route };
  }

  private async listen(endpoint: { readonly host: string; readonly port: number }, protocol: Protocol): Promise<LocalProxy> {
    const { host, programs, listeners, requireRunning } = this.parts;
    requireRunning();
    if (listeners.size >= LISTENERS_MAX) throw new NetworkError('LIMIT_EXCEEDED', `proxy: there are ${LISTENERS_MAX} entrances`);
    const onSocket = (socket: LocalSocket) => void programs.serve(listener, socket, protocol);
    const listener: SocketListener = await host.sockets.listen(endpoint, onSocket).catch((cause) => {
      const code = (Object(cause) as { readonly code?: string }).code ?? 'UNKNOWN';
      throw new NetworkError(
        code === 'EADDRINUSE' ? 'ADDRESS_IN_USE' : 'ADDRESS_UNAVAILABLE',
        `proxy: cannot listen on ${textOf(endpoint)}: ${code}`,
        { cause },
      );
    });
    const local: LocalProxy = {
      ...listener.local,
      address: textOf(listener.local),
      close: () => {
        listeners.delete(local);
        listener.close();
        programs.end(listener);
      },
    };
    listeners.add(local);
    return local;
  }
}
