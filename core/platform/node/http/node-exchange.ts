/**
 * @module NodeExchange: a request that a program has made of a server of Node, with its response; and one that waits for another protocol.
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HttpExchange, HttpRequestHead, HttpResponseHead } from '../../../api/http-port.js';
import type { BytePipe } from '../../../api/stream.js';
import { endOf, NodePipe, NodeReader, writeTo } from '../sockets/node-pipe.js';
import { fieldsOf } from './node-call.js';

export function exchangeOf(request: IncomingMessage, response: ServerResponse): HttpExchange {
  const body = new NodeReader(request);
  const pipe: BytePipe = {
    read: () => body.read(),
    write: (bytes) => writeTo(response, bytes),
    end: () => endOf(response),
    reset: () => response.destroy(),
  };
  const exchange: HttpExchange = {
    head: headOf(request),
    isUpgrade: false,
    pipe,
    answer: ({ status, headers }) => {
      response.sendDate = false;
      response.strictContentLength = true;
      response.writeHead(status, headers.flat());
      response.flushHeaders();
    },
    onGone: () => {},
  };
  response.on('error', () => {});
  response.on('close', () => {
    if (!response.writableFinished) exchange.onGone();
  });
  return exchange;
}

/** The response is written as it is, and ends with the connection. */
export function upgradeOf(request: IncomingMessage, socket: Duplex, first: Uint8Array): HttpExchange {
  if (first.length > 0) socket.unshift(first);
  const pipe = new NodePipe(socket);
  const exchange: HttpExchange = {
    head: headOf(request),
    isUpgrade: true,
    pipe,
    answer: (head) => void socket.write(textOf(head), 'latin1'),
    onGone: () => {},
  };
  socket.on('close', () => exchange.onGone());
  return exchange;
}

function textOf({ status, headers }: HttpResponseHead): string {
  const fields = status === 101 ? headers : [...headers, ['Connection', 'close'] as const];
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

function headOf({ method = 'GET', url = '/', rawHeaders }: IncomingMessage): HttpRequestHead {
  return { method, path: url, headers: fieldsOf(rawHeaders) };
}
