/**
 * @module Sites: what this node answers requests of others with: web servers of this machine, and handlers of the application; each by its name, the
 * empty one where a request names none.
 */
import { limitReached, NetworkError, type SocketEndpoint } from '../../../core/index.js';
import type { ProxyHost } from '../host.js';
import { type RequestHead, SITE_LENGTH_MAX } from '../messages.js';
import { failure } from '../outcomes.js';
import type { StreamPipe } from '../pipes/stream-pipe.js';
import { areSound, bodyOf, hasPassed, isToken, upgradeOf, valuesOf } from '../protocols/headers.js';
import { type RequestHandler, toHandler } from './handler-site.js';
import { RequestBody } from './request-body.js';
import { toServer } from './server-site.js';
import type { Visit } from './visit.js';

export type Site =
  | { readonly type: 'server'; readonly endpoint: SocketEndpoint }
  | { readonly type: 'handler'; readonly handler: RequestHandler };

const SITES_MAX = 64;
const PATH = /^(\/[\x21-\x7e\x80-\xff]*|\*)$/;
const NAME = /^[a-z0-9]?[a-z0-9._-]*$/;

export class Sites {
  private readonly sites = new Map<string, Site>();

  constructor(private readonly host: ProxyHost) {}

  /** Throws `ARGUMENT_INVALID` and `LIMIT_EXCEEDED`. */
  add(name: string, site: Site): void {
    if (typeof name !== 'string' || name.length > SITE_LENGTH_MAX || !NAME.test(name))
      throw new NetworkError('ARGUMENT_INVALID', `proxy: site must be up to ${SITE_LENGTH_MAX} characters a-z, 0-9, ., _ and -`);
    if (this.sites.has(name)) throw new NetworkError('ARGUMENT_INVALID', `proxy: site ${JSON.stringify(name)} is served already`);
    if (this.sites.size >= SITES_MAX)
      throw limitReached({ limit: 'SITES_MAX', current: this.sites.size, maximum: SITES_MAX, scope: 'proxy' });
    this.sites.set(name, site);
  }

  remove(name: string): void {
    this.sites.delete(name);
  }

  /** Rejects with why a request is not answered. */
  async serve(pipe: StreamPipe, head: RequestHead, visit: Visit): Promise<void> {
    visit.wanted = `${head.method} ${head.site}${head.path.replace(/\?.*$/, '')}`;
    const length = bodyOf(head.headers);
    if (!isSound(head) || length === 'wrong') throw failure('http_request_error', 'malformed request');
    if (hasPassed(head.headers, this.host.hop)) throw failure('proxy_loop_detected', 'the request has passed this node');
    const site = this.sites.get(head.site);
    if (site === undefined) throw failure('destination_not_found', 'the node has no such site');
    const { agenda, clock, settings, counters } = this.host;
    const body = new RequestBody(pipe, length, { agenda, clock, slowBodyMs: settings.slowBodyMs });
    if (length === 'none' && upgradeOf(head.headers) === undefined) await body.drop(visit.passings.there);
    counters.served++;
    visit.address = site.type;
    const parts = { host: this.host, pipe, head, body, visit };
    await (site.type === 'server' ? toServer(parts, site.endpoint) : toHandler(parts, site.handler));
  }
}

function isSound({ method, path, headers }: RequestHead): boolean {
  return isToken(method) && PATH.test(path) && areSound(headers) && valuesOf(headers, 'host').length <= 1;
}
