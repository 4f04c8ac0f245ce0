/**
 * @module Dashboard: a page that shows the mesh as a node sees it, as a request handler of `node:http`. It only shows, unless `allowActions` is set. Who
 * has the address with its token sees everything that telemetry shows: it is for this machine, or behind TLS.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { TelemetryBehavior } from '../../behaviours/telemetry/index.js';
import { isNodeId, type MeshNode, NetworkError, toNode } from '../../core/index.js';
import { nodeRandom } from '../../core/platform/node/ports-node.js';
import { boolean, fallback, list, optional, options, optionsReader, text } from '../../core/schema/index.js';
import { hexOf } from '../../core/structures/hex.js';
import { checkNode } from '../prometheus.js';
import { Feed } from './feed.js';
import { pageFile } from './files.js';
import { type Denial, Guard } from './guard.js';

/** Options of `dashboardHandler`. */
export interface DashboardOptions {
  /** What a page must know, of 16 to 128 characters. By default 32 random hex digits. */
  readonly token?: string;
  /** Values of the header `host` beside `127.0.0.1`, `localhost` and `[::1]`, each with its port: where others reach it. */
  readonly hosts?: readonly string[];
  /** Whether pages may close connections of this node and remove behaviours from it. False by default. */
  readonly allowActions?: boolean;
}

/** A handler, the token that its page needs, and the end of its streams. */
export interface Dashboard {
  readonly handler: RequestListener;
  readonly token: string;
  /** The path of the page with its token, to be printed after the server's address: the part after `#` is sent to no server. */
  readonly path: string;
  close(): void;
}

const TOKEN_BYTES = 16;
const BODY_BYTES_MAX = 1_024;
const EXPLAIN_MS = 3_000;
const READ = optionsReader(
  'dashboard',
  options({
    token: optional(text(128, { min: 16 })),
    hosts: fallback(list(text(256, { min: 1 }), 64), []),
    allowActions: fallback(boolean, false),
  }),
);
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** The dashboard of a node with `TelemetryBehavior`: throws `BEHAVIOR_MISSING` without it, `ARGUMENT_INVALID` and `OPTION_INVALID`. */
export function dashboardHandler(node: MeshNode, given: DashboardOptions = {}): Dashboard {
  checkNode('dashboardHandler', node);
  const { token = hexOf(nodeRandom.bytes(TOKEN_BYTES)), hosts, allowActions } = READ(given);
  node.behavior(TelemetryBehavior);
  const feed = new Feed(node);
  const routes = new Routes(node, feed, allowActions);
  const guard = new Guard(token, hosts);
  const handler: RequestListener = (request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    answer(routes, guard, request, response).catch((error) => fail(response, error));
  };
  return { handler, token, path: `/#${token}`, close: () => feed.close() };
}

async function answer(routes: Routes, guard: Guard, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const denial = guard.denialOf(request);
  if (denial !== undefined) return deny(response, denial);
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const file = request.method === 'GET' ? pageFile(pathname) : undefined;
  if (file !== undefined) return void response.writeHead(200, { 'content-type': file.type }).end(file.bytes);
  if (!pathname.startsWith('/api/')) return deny(response, { status: 404, reason: 'there is no such page' });
  const dataDenial = guard.denialOfData(request);
  if (dataDenial !== undefined) return deny(response, dataDenial);
  if (request.method === 'GET') return routes.show(pathname, searchParams, response);
  if (request.method === 'POST') return routes.act(pathname, await bodyOf(request), response);
  deny(response, { status: 405, reason: 'GET and POST are known' });
}

/** What the page asks for. */
class Routes {
  constructor(
    private readonly node: MeshNode,
    private readonly feed: Feed,
    private readonly allowActions: boolean,
  ) {}

  async show(path: string, query: URLSearchParams, response: ServerResponse): Promise<void> {
    if (path === '/api/facts') return sendJson(response, { id: this.node.id, allowActions: this.allowActions });
    if (path === '/api/stream') {
      if (!this.feed.open(response)) deny(response, { status: 503, reason: 'too many pages are open' });
      return;
    }
    const nodeId = query.get('id');
    if (!isNodeId(nodeId)) return deny(response, { status: 400, reason: 'id is no node id' });
    if (path === '/api/node') return sendJson(response, this.feed.detailsOf(nodeId) ?? null);
    const to = query.get('to');
    if (path !== '/api/explain' || !isNodeId(to)) return deny(response, { status: 404, reason: 'there is no such data' });
    const client = this.node.client(TelemetryBehavior, toNode(nodeId));
    sendJson(response, await client.explain({ nodeId: to }, { timeoutMs: EXPLAIN_MS }));
  }

  act(path: string, body: { readonly [name: string]: unknown }, response: ServerResponse): void {
    if (!this.allowActions) return deny(response, { status: 403, reason: 'this dashboard only shows: see its option allowActions' });
    const { connectionId, serviceId } = body;
    if (path === '/api/close-link') this.node.disconnect(connectionId as number, 'closed by an operator');
    else if (path === '/api/stop-behavior') this.node.removeBehavior(Number(serviceId));
    else return deny(response, { status: 404, reason: 'there is no such action' });
    sendJson(response, {});
  }
}

function deny(response: ServerResponse, { status, reason }: Denial): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${reason}\n`);
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  const { code, message } = error as NetworkError;
  deny(response, { status: 502, reason: `${code ?? 'ERROR'}: ${message}` });
}

/** An object, of 1 KiB at most. What is longer is read to its end, and kept by nobody. */
async function bodyOf(request: IncomingMessage): Promise<{ readonly [name: string]: unknown }> {
  let body = '';
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length <= BODY_BYTES_MAX) body += String(chunk);
  }
  if (length > BODY_BYTES_MAX) throw new NetworkError('ARGUMENT_INVALID', `the body has more than ${BODY_BYTES_MAX} bytes`);
  const value: unknown = parsed(body);
  if (typeof value === 'object' && value !== null) return value as { readonly [name: string]: unknown };
  throw new NetworkError('ARGUMENT_INVALID', 'the body must be a JSON object');
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
