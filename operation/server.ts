/**
 * @module Server: a small HTTP server for an operator's view of a node. It listens on this machine alone unless it is told otherwise: there is no
 * login, and metrics say what a node does. Few connections, short requests, short times.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type MeshNode, NetworkError } from '../core/index.js';
import { fallback, options, optionsReader, text, unchecked, whole } from '../core/schema/index.js';
import { type Dashboard, type DashboardOptions, dashboardHandler } from './dashboard/index.js';
import { HEALTH_FIELDS, type HealthOptions, healthHandler, metricsHandler, pathOf } from './handlers.js';
import { checkNode } from './prometheus.js';

/** Where the server listens, and what counts as ready. */
export interface OperationOptions extends HealthOptions {
  /** 0 by default: any free port. */
  readonly port?: number;
  /** `127.0.0.1` by default. Others than this machine reach it only with another one, such as `0.0.0.0` in a container. */
  readonly host?: string;
  /** Serves the dashboard at `/`, too. Off by default; the node needs `TelemetryBehavior`. */
  readonly dashboard?: boolean | DashboardOptions;
}

/** A server that runs. */
export interface OperationServer {
  /** Where it is reached, as in `http://127.0.0.1:9464`. */
  readonly url: string;
  readonly port: number;
  /** The address of the dashboard with its token; absent without one. */
  readonly dashboardUrl: string | undefined;
  /** Ends it, and the connections to it. Idempotent. */
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 32;
const HEADER_BYTES_MAX = 8_192;
const REQUEST_MS = 5_000;
const READ = optionsReader(
  'serveOperation',
  options({
    ...HEALTH_FIELDS,
    port: fallback(whole(0, 65_535), 0),
    host: fallback(text(255, { min: 1 }), '127.0.0.1'),
    // `dashboardHandler` checks its options itself.
    dashboard: fallback(unchecked<boolean | DashboardOptions>(), false),
  }),
);

/**
 * Serves `/metrics`, `/healthz` and `/readyz`, and the dashboard if it is wanted. Resolves when it listens; rejects with `ADDRESS_IN_USE`, `ADDRESS_UNAVAILABLE`, `ARGUMENT_INVALID` and
 * `OPTION_INVALID`. It ends with `close`, not with the node, so that `/readyz` shows its end.
 */
export async function serveOperation(node: MeshNode, given: OperationOptions = {}): Promise<OperationServer> {
  checkNode('serveOperation', node);
  const { port, host, dashboard: wanted, ...health } = READ(given);
  const [metrics, healthy] = [metricsHandler(node), healthHandler(node, health)];
  const dashboard = wanted === false ? undefined : dashboardHandler(node, wanted === true ? {} : wanted);
  const handlers: Readonly<Record<string, RequestListener>> = { '/metrics': metrics, '/healthz': healthy, '/readyz': healthy };
  const server = createServer(
    { maxHeaderSize: HEADER_BYTES_MAX, headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS },
    (request, response) => (handlers[pathOf(request)] ?? dashboard?.handler ?? healthy)(request, response),
  );
  server.maxConnections = CONNECTIONS_MAX;
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(failureOf(cause, host, port)));
    server.listen(port, host, () => {
      // Such as too many open files: the next connection may be accepted.
      server.on('error', () => {});
      resolve(running(server, dashboard));
    });
  });
}

function running(server: Server, dashboard: Dashboard | undefined): OperationServer {
  const { address, family, port } = server.address() as AddressInfo;
  const closed = () =>
    new Promise<void>((resolve) => {
      dashboard?.close();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  return { url, port, dashboardUrl: dashboard === undefined ? undefined : `${url}${dashboard.path}`, close: closed };
}

function failureOf(cause: NodeJS.ErrnoException, host: string, port: number): NetworkError {
  const code = cause.code === 'EADDRINUSE' ? 'ADDRESS_IN_USE' : 'ADDRESS_UNAVAILABLE';
  return new NetworkError(code, `cannot serve metrics at ${host}:${port}: ${cause.message}`, { cause });
}
