/**
 * @module Protocols of entrances: a plain one, which leads to one target; SOCKS 5; and HTTP's CONNECT, with whole `http://` addresses.
 */
import { joinBytes, type LocalSocket, type NetworkError, type Route } from '../../../core/index.js';
import type { ProxyHost } from '../host.js';
import { failure, outcomeOf, statusFields } from '../outcomes.js';
import { pairOf } from '../pipes/loops.js';
import type { StreamPipe } from '../pipes/stream-pipe.js';
import { type Headers, hasPassed, valuesOf } from '../protocols/headers.js';
import { answerOf, ESTABLISHED, endOfHead, HEAD_BYTES_MAX, type ProxyHead, readProxyHead } from '../protocols/proxy-head.js';
import { type Credentials, isSame, Socks5, type SocksStep, socksReply } from '../protocols/socks5.js';
import type { Target } from '../rules/target.js';
import { farewell, lead, type Protocol } from './entrance.js';
import { requestOnly, responseOnly } from './exchange.js';
import type { Openings } from './openings.js';

const NOTHING = new Uint8Array(0);

export interface ProtocolParts {
  readonly host: ProxyHost;
  readonly openings: Openings;
  readonly route: Route;
  readonly credentials?: Credentials | undefined;
}

/** Every connection leads to the one target. What fails is a reset: the program's own protocol is not known. */
export function plain(parts: ProtocolParts, target: Target): Protocol {
  return async (socket) => lead(socket, await opened(parts, socket, target));
}

export function socks({ credentials, ...parts }: ProtocolParts): Protocol {
  const { host } = parts;
  return async (socket) => {
    const machine = new Socks5(credentials);
    const { target, rest } = await inTime(host, () => negotiated(host, socket, machine));
    if (target === undefined) return;
    const pipe = await opened(parts, socket, target).catch((error: NetworkError) => error);
    if (pipe instanceof Error) return refuse(host, socket, socksReply(outcomeOf(pipe).reply));
    await lead(socket, pipe, { answer: socksReply('succeeded'), ...(rest === undefined ? {} : { first: rest }) });
  };
}

export function httpProxy({ credentials, ...parts }: ProtocolParts): Protocol {
  const { host } = parts;
  const expected = credentials && new TextEncoder().encode(`Basic ${btoa(`${credentials.user}:${credentials.password}`)}`);
  return async (socket) => {
    const read = await inTime(host, () => requestHead(host, socket)).catch((error: NetworkError) => error);
    if (read instanceof Error) return refuse(host, socket, answerOf(408, read.message));
    const { head, rest } = read;
    if (head.type === 'refused') return refuse(host, socket, answerOf(head.status, head.text));
    if (expected !== undefined && !isAuthorized(head.headers, expected))
      return refuse(host, socket, answerOf(407, 'user and password', [['Proxy-Authenticate', 'Basic realm="proxy"']]));
    const pipe = hasPassed(head.headers, host.hop)
      ? failure('proxy_loop_detected', 'the request has passed this node')
      : await opened(parts, socket, head.target).catch((error: NetworkError) => error);
    if (pipe instanceof Error) return refuse(host, socket, answerOf(outcomeOf(pipe).status, pipe.message, statusFields(pipe, host.hop)));
    if (head.type === 'connect') return lead(socket, pipe, { answer: ESTABLISHED, first: rest });
    await lead(requestOnly(socket, head.body, rest), responseOnly(pipe), { first: head.head });
  };
}

function opened({ host, openings, route }: ProtocolParts, socket: LocalSocket, target: Target): Promise<StreamPipe> {
  return openings.sock(route, target, pairOf(socket.remote, socket.local, host.sockets.place));
}

function refuse(host: ProxyHost, socket: LocalSocket, answer: Uint8Array): Promise<void> {
  host.counters.programsRefused++;
  return farewell(host, socket, answer);
}

/** A program that says nothing, or too little, holds a connection for so long. */
function inTime<T>({ agenda, settings }: ProxyHost, work: () => Promise<T>): Promise<T> {
  return agenda.within(settings.headTimeoutMs, work, () =>
    failure('http_request_error', `no request came within ${settings.headTimeoutMs} ms`),
  );
}

async function negotiated(host: ProxyHost, socket: LocalSocket, machine: Socks5): Promise<Partial<SocksStep>> {
  for (let bytes = await socket.read(); bytes !== undefined; bytes = await socket.read()) {
    const step = machine.receive(bytes);
    if (step.failure !== undefined) {
      await refuse(host, socket, step.send ?? NOTHING);
      return {};
    }
    if (step.send !== undefined) await socket.write(step.send);
    if (step.target !== undefined) return step;
  }
  throw failure('http_request_error', 'the program has gone');
}

async function requestHead({ hop }: ProxyHost, socket: LocalSocket): Promise<{ readonly head: ProxyHead; readonly rest: Uint8Array }> {
  let kept: Uint8Array = NOTHING;
  for (let bytes = await socket.read(); bytes !== undefined; bytes = await socket.read()) {
    kept = kept.length === 0 ? bytes : joinBytes([kept, bytes]);
    const end = endOfHead(kept);
    if (end >= 0) return { head: readProxyHead(kept.subarray(0, end), hop), rest: kept.slice(end) };
    if (kept.length > HEAD_BYTES_MAX) return { head: { type: 'refused', status: 431, text: 'the head is too large' }, rest: NOTHING };
  }
  throw failure('http_request_error', 'the program has gone');
}

function isAuthorized(headers: Headers, expected: Uint8Array): boolean {
  const [given = '', ...more] = valuesOf(headers, 'proxy-authorization');
  return isSame(new TextEncoder().encode(given), expected) && more.length === 0;
}
