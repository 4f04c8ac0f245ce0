/**
 * @module Gateway: leads the requests of programs of this machine to a site of another node. A page of another origin must not get there by a name that it
 * lets mean this machine: only numbers and `localhost` are taken as Host, and the names that the option `hosts` has; and an Origin must be that Host, or
 * one of these names.
 */
import type { HttpExchange, NetworkError, Route } from '../../../core/index.js';
import type { ProxyHost } from '../host.js';
import { PATH_LENGTH_MAX, REQUEST } from '../messages.js';
import { asFailure, failure, outcomeOf, resetTextOf, statusFields } from '../outcomes.js';
import { carry, join } from '../pipes/join.js';
import { areSound, bodyOf, endToEnd, type Headers, hasPassed, passing, upgradeOf, valuesOf } from '../protocols/headers.js';
import { parseAuthority } from '../rules/target.js';
import type { Openings } from './openings.js';
import { answerOf } from './requests.js';

export interface GatewayParts {
  readonly host: ProxyHost;
  readonly openings: Openings;
  readonly route: Route;
  readonly site: string;
  readonly hosts: readonly string[];
}

/** Never rejects. */
export async function lead(parts: GatewayParts, exchange: HttpExchange): Promise<void> {
  const { counters, log } = parts.host;
  let isAnswered = false;
  counters.programs++;
  const gone = new AbortController();
  exchange.onGone = () => gone.abort();
  const answer: HttpExchange['answer'] = (head) => {
    isAnswered = true;
    exchange.answer(head);
  };
  try {
    await pass(parts, { ...exchange, answer }, gone.signal);
  } catch (thrown) {
    const error = asFailure(thrown, 'the request');
    log.debug({ err: error }, 'a request to a site has failed');
    if (isAnswered) return exchange.pipe.reset('');
    counters.programsRefused++;
    await refuse(parts.host, exchange, error).catch(() => exchange.pipe.reset(''));
  }
}

async function pass({ host, openings, route, site, hosts }: GatewayParts, exchange: HttpExchange, gone: AbortSignal): Promise<void> {
  const { head, isUpgrade } = exchange;
  const { method, path, headers } = head;
  const protocol = isUpgrade ? upgradeOf(headers) : undefined;
  if (path.length > PATH_LENGTH_MAX || !areSound(headers) || bodyOf(headers) === 'wrong')
    throw failure('http_request_error', 'malformed request');
  if (!isHostOf(headers, hosts)) throw failure('http_request_denied', 'the Host is none of this gateway');
  if (!isOriginOf(headers, hosts)) throw failure('http_request_denied', 'the Origin is none of this gateway');
  if (hasPassed(headers, host.hop)) throw failure('proxy_loop_detected', 'the request has passed this node');
  const upgrade: Headers =
    protocol === undefined
      ? []
      : [
          ['Connection', 'Upgrade'],
          ['Upgrade', protocol],
        ];
  const fields = passing([...endToEnd(headers, ['transfer-encoding']), ...upgrade], host.hop);
  const wish = { signal: gone, error: () => failure('connection_terminated', 'the program has gone') };
  const pipe = await openings.request(route, { kind: REQUEST, method, path, headers: fields, site }, wish);
  if (protocol === undefined) carry(exchange.pipe, pipe).catch((thrown) => pipe.reset(resetTextOf(asFailure(thrown, 'the program'))));
  const answer = await answerOf(pipe);
  if (answer.status < 200 && !(answer.status === 101 && protocol !== undefined)) {
    const error = failure('http_protocol_error', `status ${answer.status} is no response`);
    pipe.reset(resetTextOf(error));
    throw error;
  }
  exchange.answer(answer.status === 101 ? answer : { ...answer, headers: endToEnd(answer.headers) });
  if (answer.status === 101) return join(exchange.pipe, pipe, (thrown) => resetTextOf(asFailure(thrown, 'the program')));
  if (protocol !== undefined) await pipe.end();
  await carry(pipe, exchange.pipe);
}

async function refuse({ hop }: ProxyHost, { answer, pipe }: HttpExchange, error: NetworkError): Promise<void> {
  const text = new TextEncoder().encode(`${error.message}\n`);
  const fields: Headers = [
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Length', String(text.length)],
  ];
  answer({ status: outcomeOf(error).status, headers: [...fields, ...statusFields(error, hop)] });
  await pipe.write(text);
  await pipe.end();
}

function isHostOf(headers: Headers, hosts: readonly string[]): boolean {
  const [host = ''] = valuesOf(headers, 'host');
  const target = parseAuthority(host);
  if (target === undefined) return false;
  return target.bytes !== undefined || /(^|\.)localhost$/.test(target.host) || hosts.includes(target.host);
}

/** Browsers say which page asks, wherever it could change something or open a WebSocket. */
function isOriginOf(headers: Headers, hosts: readonly string[]): boolean {
  const origins = valuesOf(headers, 'origin');
  const [host] = valuesOf(headers, 'host');
  return origins.every((origin) => {
    const [, authority = '', name = ''] = /^https?:\/\/(([^/?#@]*?)(?::\d+)?)$/i.exec(origin) ?? [];
    return authority !== '' && (authority.toLowerCase() === host?.toLowerCase() || hosts.includes(name.toLowerCase()));
  });
}
