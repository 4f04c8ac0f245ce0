/**
 * @module Requests: sends the web's own `Request` to a site of another node, and makes a `Response` of what comes back.
 */
import { NetworkError, type Route } from '../../../core/index.js';
import { cancelled } from '../../../core/structures/abort.js';
import { REQUEST, type RequestHead, type ResponseHead, readResponse } from '../messages.js';
import { asFailure, failure, resetTextOf } from '../outcomes.js';
import { carryBody } from '../pipes/join.js';
import type { StreamPipe } from '../pipes/stream-pipe.js';
import { areSound, endToEnd, type Headers } from '../protocols/headers.js';
import type { Openings } from './openings.js';

/** Responses that have no body, whatever comes. */
const EMPTY: ReadonlySet<number> = new Set([204, 205, 304]);

/** Rejects with a `NetworkError`; a response, whatever its status, is none. */
export async function send(openings: Openings, route: Route, request: Request, site: string): Promise<Response> {
  if (request.signal.aborted) throw cancelled(request.signal);
  const { pathname, search, host } = new URL(request.url);
  const fields = endToEnd([...request.headers] as Headers).filter(([name]) => name.toLowerCase() !== 'host');
  const isSized = fields.some(([name]) => name.toLowerCase() === 'content-length');
  const coding: Headers = request.body === null || isSized ? [] : [['Transfer-Encoding', 'chunked']];
  const headers: Headers = [['Host', host], ...fields, ...coding];
  if (!areSound(headers)) throw new NetworkError('ARGUMENT_INVALID', 'http: too many header fields, or fields that are too long');
  const { method, signal } = request;
  const head: RequestHead = { kind: REQUEST, method, path: pathname + search, headers, site };
  let pipe: StreamPipe | undefined;
  try {
    pipe = await openings.request(route, head, { signal, error: () => cancelled(signal) });
    sendBody(request, pipe);
    return responseOf(method, await answerOf(pipe), pipe);
  } catch (thrown) {
    const error = signal.aborted ? cancelled(signal) : asFailure(thrown, 'the other node');
    pipe?.reset(resetTextOf(error));
    throw error;
  }
}

function sendBody({ body }: Request, pipe: StreamPipe): void {
  carryBody(body, pipe).catch((thrown) => pipe.reset(resetTextOf(asFailure(thrown, 'the body of the request'))));
}

/** The head of the response. */
export async function answerOf(pipe: StreamPipe): Promise<ResponseHead> {
  const body = await pipe.head();
  const head = body && readResponse(body);
  if (head !== undefined && areSound(head.headers)) return head;
  const error = failure('http_protocol_error', 'malformed response');
  pipe.reset(resetTextOf(error));
  throw error;
}

function responseOf(method: string, { status, headers }: ResponseHead, pipe: StreamPipe): Response {
  if (status < 200) throw failure('http_protocol_error', `status ${status} is no response`);
  const fields = endToEnd(headers).map(([name, value]): [string, string] => [name, value]);
  const isEmpty = EMPTY.has(status) || method === 'HEAD';
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const bytes = await pipe.read();
          if (bytes !== undefined) return controller.enqueue(bytes);
          controller.close();
        } catch (thrown) {
          controller.error(asFailure(thrown, 'the response'));
        }
      },
      cancel: () => pipe.reset('the response is not wanted'),
    },
    { highWaterMark: 0 },
  );
  if (isEmpty) nothing(pipe).catch(() => {});
  return new Response(isEmpty ? null : body, { status, headers: fields });
}

/** A response that can have no body ends here, whatever comes. */
async function nothing(pipe: StreamPipe): Promise<void> {
  if ((await pipe.read()) !== undefined) pipe.reset(resetTextOf(failure('http_protocol_error', 'the response can have no body')));
}
