/**
 * @module Server: a small HTTP server for an operator's view of a node. It listens on this machine alone unless it is told otherwise: there is no
 * login, and metrics say what a node does. Few connections, short requests, short times.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type MeshNode, NetworkError } from '../core/index.js';
import { type HealthOptions, healthHandler, metricsHandler, pathOf } from './handlers.js';

/** Where the server listens, and what counts as ready. */
export interface OperationOptions extends HealthOptions {
  /** 0 by default: any free port. */
  readonly port?: number;
  /** `127.0.0.1` by default. Others than this machine reach it only with another one, such as `0.0.0.0` in a container. */
  readonly host?: string;
}

/** A server that runs. */
export interface OperationServer {
  /** Where it is reached, as in `http://127.0.0.1:9464`. */
  readonly url: string;
  readonly port: number;
  /** Ends it, and the connections to it. Idempotent. */
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 32;
const HEADER_BYTES_MAX = 8_192;
const REQUEST_MS = 5_000;

/**
 * Serves `/metrics`, `/healthz` and `/readyz`. Resolves when it listens; rejects with `ADDRESS_IN_USE` and `ADDRESS_UNAVAILABLE`. It ends with
 * `close`, not with the node, so that `/readyz` shows its end.
 */
export function serveOperation(
  node: MeshNode,
  { port = 0, host = '127.0.0.1', ...health }: OperationOptions = {},
): Promise<OperationServer> {
  const [metrics, healthy] = [metricsHandler(node), healthHandler(node, health)];
  const server = createServer(
    { maxHeaderSize: HEADER_BYTES_MAX, headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS },
    (request, response) => (pathOf(request) === '/metrics' ? metrics : healthy)(request, response),
  );
  server.maxConnections = CONNECTIONS_MAX;
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(failureOf(cause, host, port)));
    server.listen(port, host, () => resolve(running(server)));
  });
}

function running(server: Server): OperationServer {
  const { address, family, port } = server.address() as AddressInfo;
  const closed = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`, port, close: closed };
}

function failureOf(cause: NodeJS.ErrnoException, host: string, port: number): NetworkError {
  const code = cause.code === 'EADDRINUSE' ? 'ADDRESS_IN_USE' : 'ADDRESS_UNAVAILABLE';
  return new NetworkError(code, `cannot serve metrics at ${host}:${port}: ${cause.message}`, { cause });
}
