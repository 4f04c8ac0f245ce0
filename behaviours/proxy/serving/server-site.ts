/**
 * @module ServerSite: leads a request to a web server of this machine, on a connection of its own, and its response back. What is asked to become
 * another protocol, such as WebSocket, becomes a connection.
 */
import type { BytePipe, SocketEndpoint } from '../../../core/index.js';
import type { ProxyHost } from '../host.js';
import { headBytes, type RequestHead } from '../messages.js';
import { asFailure, resetTextOf } from '../outcomes.js';
import { carry, join } from '../pipes/join.js';
import type { StreamPipe } from '../pipes/stream-pipe.js';
import { bodyOf, endToEnd, type Headers, passing, upgradeOf } from '../protocols/headers.js';
import type { RequestBody } from './request-body.js';
import type { Visit } from './visit.js';

/** One request, and what is known of it. */
export interface SiteRequest {
  readonly host: ProxyHost;
  readonly pipe: StreamPipe;
  readonly head: RequestHead;
  readonly body: RequestBody;
  readonly visit: Visit;
}

/** Says to a server who asks, where that is proven. */
const NODE_FIELD = 'Meshwright-Node';
/** What no remote says to a server. What is between the words of a name is one and the same to servers that make variables of fields. */
const KEPT_BACK = /^(expect|meshwright[^a-z0-9]node)$/i;

export async function toServer(request: SiteRequest, endpoint: SocketEndpoint): Promise<void> {
  const { host, pipe, head, visit } = request;
  const protocol = upgradeOf(head.headers);
  const call = await host.http.request(endpoint, { ...head, headers: fieldsFor(request, protocol) });
  // Who has gone need not be answered.
  pipe.stream.closed.catch(() => call.pipe.reset(''));
  try {
    const sent = protocol === undefined ? upload(request, call.pipe) : call.pipe.end();
    sent.catch(() => call.pipe.reset(''));
    const answer = await call.answer;
    const isOther = answer.status === 101;
    await pipe.write(headBytes({ status: answer.status, headers: isOther ? answer.headers : endToEnd(answer.headers) }));
    if (isOther) return await join(pipe, call.pipe, (thrown) => resetTextOf(asFailure(thrown, 'the connection was lost')), visit.passings);
    await carry(call.pipe, pipe, visit.passings.back);
    await sent;
    if (protocol !== undefined) await request.body.drop(visit.passings.there);
  } catch (thrown) {
    call.pipe.reset('');
    throw request.body.error ?? asFailure(thrown, 'the web server');
  }
}

/** A server that has answered need not take the rest. */
async function upload({ body, visit }: SiteRequest, to: BytePipe): Promise<void> {
  let isTaken = true;
  const refuse = () => {
    isTaken = false;
  };
  const taker = {
    write: async (bytes: Uint8Array) => (isTaken ? to.write(bytes).catch(refuse) : undefined),
    end: async () => (isTaken ? to.end().catch(refuse) : undefined),
  };
  await carry(body, taker, visit.passings.there);
}

function fieldsFor({ host, head, pipe }: SiteRequest, protocol: string | undefined): Headers {
  const passed = endToEnd(head.headers, ['transfer-encoding']).filter(([name]) => !KEPT_BACK.test(name));
  const isEmpty = bodyOf(head.headers) === 'none' && !/^(GET|HEAD|OPTIONS|DELETE)$/.test(head.method);
  const own: [string, string][] =
    protocol === undefined
      ? [['Connection', 'close']]
      : [
          ['Connection', 'Upgrade'],
          ['Upgrade', protocol],
        ];
  if (isEmpty && protocol === undefined) own.push(['Content-Length', '0']);
  if (pipe.stream.nodeVerified) own.push([NODE_FIELD, pipe.stream.nodeId]);
  return passing([...passed, ...own], host.hop);
}
