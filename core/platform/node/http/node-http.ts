/**
 * @module NodeHttp: the port of HTTP on Node, by its own parser in its strict mode. It is loaded when the first request is made or taken.
 */
import type { Duplex } from 'node:stream';
import type { HttpCall, HttpExchange, HttpListenOptions, HttpPort, HttpRequestHead } from '../../../api/http-port.js';
import type { SocketEndpoint, SocketListener } from '../../../api/socket-port.js';
import { apart } from '../apart.js';
import { callOf } from './node-call.js';
import { exchangeOf, upgradeOf } from './node-exchange.js';

const HEAD_BYTES_MAX = 16_384;

export class NodeHttp implements HttpPort {
  async request({ host, port }: SocketEndpoint, { method, path, headers }: HttpRequestHead): Promise<HttpCall> {
    const { request } = await import('node:http');
    const options = {
      host,
      port,
      method,
      path,
      headers: headers.flat(),
      agent: false,
      insecureHTTPParser: false,
      maxHeaderSize: HEAD_BYTES_MAX,
    };
    return callOf(apart(() => request(options)));
  }

  async listen(endpoint: SocketEndpoint, options: HttpListenOptions, serve: (exchange: HttpExchange) => void): Promise<SocketListener> {
    const { createServer } = await import('node:http');
    const { headTimeoutMs: headersTimeout, headBytesMax: maxHeaderSize, headersMax, connectionsMax } = options;
    const strict = { insecureHTTPParser: false, requireHostHeader: true, noDelay: true, maxHeaderSize };
    const times = { headersTimeout, requestTimeout: 0, connectionsCheckingInterval: Math.min(headersTimeout, 1_000) };
    const server = apart(() => createServer({ ...strict, ...times }));
    server.maxHeadersCount = headersMax;
    server.maxConnections = connectionsMax;
    server.on('request', (request, response) => serve(exchangeOf(request, response)));
    // The server knows of these no more.
    const upgraded = new Set<Duplex>();
    server.on('upgrade', (request, socket, first) => {
      upgraded.add(socket);
      socket.once('close', () => upgraded.delete(socket));
      serve(upgradeOf(request, socket, first));
    });
    server.on('connection', (socket) => socket.unref());
    server.unref();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ ...endpoint, exclusive: true }, () => {
        server.off('error', reject);
        server.on('error', () => {});
        resolve();
      });
    });
    const { address: host, port } = server.address() as { readonly address: string; readonly port: number };
    const close = () => {
      server.close();
      server.closeAllConnections();
      for (const socket of upgraded) socket.destroy();
    };
    return { local: { host, port }, close };
  }
}
