/**
 * @module NodeCall: a request of Node as a call: the body of the request is written, that of the response read.
 */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HttpCall, HttpFields, HttpResponseHead } from '../../../api/http-port.js';
import type { BytePipe } from '../../../api/stream.js';
import { coded, endOf, NodePipe, NodeReader, writeTo } from '../sockets/node-pipe.js';

export function callOf(request: ClientRequest): HttpCall {
  let answered: (head: HttpResponseHead) => void = () => {};
  let failed: (error: Error) => void = () => {};
  const answer = new Promise<HttpResponseHead>((resolve, reject) => {
    answered = resolve;
    failed = reject;
  });
  answer.catch(() => {});
  const pipe = new CallPipe(request, answer);
  request.on('socket', (socket) => socket.unref());
  request.on('error', failed);
  request.on('close', () => failed(coded('ECONNRESET', 'the server has closed the connection')));
  request.on('response', (response) => {
    pipe.body = new NodeReader(response);
    answered(headOf(response));
  });
  request.on('upgrade', (response, socket, first) => {
    if (first.length > 0) socket.unshift(first);
    pipe.connection = new NodePipe(socket as Duplex);
    answered(headOf(response));
  });
  return { pipe, answer };
}

class CallPipe implements BytePipe {
  body: NodeReader | undefined;
  connection: NodePipe | undefined;

  constructor(
    private readonly request: ClientRequest,
    private readonly answer: Promise<HttpResponseHead>,
  ) {}

  async read(): Promise<Uint8Array | undefined> {
    await this.answer;
    return (this.connection ?? (this.body as NodeReader)).read();
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.connection?.write(bytes) ?? writeTo(this.request, bytes);
  }

  end(): Promise<void> {
    return this.connection?.end() ?? endOf(this.request);
  }

  reset(reason: string): void {
    this.connection?.reset(reason);
    this.request.destroy();
  }
}

function headOf({ statusCode = 502, rawHeaders }: IncomingMessage): HttpResponseHead {
  return { status: statusCode, headers: fieldsOf(rawHeaders) };
}

/** Node has names and values in turns. */
export function fieldsOf(raw: readonly string[]): HttpFields {
  return Array.from({ length: raw.length / 2 }, (_, index) => [raw[2 * index] as string, raw[2 * index + 1] as string]);
}
