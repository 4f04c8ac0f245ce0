/**
 * @module HandlerSite: answers a request by a function of the application, with the web's own `Request` and `Response`.
 */
import type { NodeId } from '../../../core/index.js';
import { headBytes, type RequestHead } from '../messages.js';
import { failure } from '../outcomes.js';
import { carryBody } from '../pipes/join.js';
import { bodyOf, endToEnd, type Headers, valuesOf } from '../protocols/headers.js';
import { parseAuthority } from '../rules/target.js';
import type { SiteRequest } from './server-site.js';

/** Who has sent a request. */
export interface RequestSource {
  readonly nodeId: NodeId;
  /** True only when it is the authenticated neighbour, or this node. Over relays its id is a claim. */
  readonly nodeVerified: boolean;
}

/** Answers requests. What it throws, or rejects with, is logged here, and is a 500 without a text there. */
export type RequestHandler = (request: Request, source: RequestSource) => Response | Promise<Response>;

export async function toHandler(parts: SiteRequest, handler: RequestHandler): Promise<void> {
  const { pipe, head, body, host, visit } = parts;
  const { nodeId, nodeVerified } = pipe.stream;
  const abort = new AbortController();
  pipe.stream.closed.catch(() => abort.abort());
  const request = requestOf(parts, abort.signal);
  let response: Response;
  try {
    response = await handler(request, { nodeId, nodeVerified });
    if (!isResponse(response)) throw new TypeError('a handler of requests must return a Response');
  } catch (err) {
    if (body.error !== undefined) throw body.error;
    host.log.warn({ err }, 'handler of requests failed');
    throw failure('proxy_internal_error', 'the handler has thrown', err);
  }
  await pipe.write(headBytes({ status: response.status, headers: endToEnd([...response.headers] as Headers) }));
  await carryBody(head.method === 'HEAD' ? null : response.body, pipe, visit.passings.back);
  await body.drop(visit.passings.there);
}

function requestOf({ head, body, visit }: SiteRequest, signal: AbortSignal): Request {
  const isRead = bodyOf(head.headers) !== 'none' && !/^(GET|HEAD)$/.test(head.method);
  const readable = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const bytes = await body.read();
        if (bytes === undefined) return controller.close();
        await visit.passings.there(bytes.length);
        controller.enqueue(bytes);
      },
    },
    { highWaterMark: 0 },
  );
  const headers = endToEnd(head.headers).map(([name, value]): [string, string] => [name, value]);
  try {
    const url = new URL(`http://${hostOf(head)}${head.path === '*' ? '/' : head.path}`);
    return new Request(url, { method: head.method, headers, signal, ...(isRead ? { body: readable, duplex: 'half' } : {}) });
  } catch (error) {
    throw failure('http_request_error', 'malformed request', error);
  }
}

/** Of the request, where it is one; it is a remote's word. */
function hostOf({ headers }: RequestHead): string {
  const [host = ''] = valuesOf(headers, 'host');
  return parseAuthority(host) === undefined ? 'localhost' : host;
}

/** Of whatever copy of the web's classes. */
function isResponse(value: unknown): value is Response {
  const { status, headers } = Object(value) as Partial<Response>;
  return typeof status === 'number' && typeof headers?.[Symbol.iterator] === 'function';
}
