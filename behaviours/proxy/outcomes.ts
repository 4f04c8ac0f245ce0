/**
 * @module Outcomes: why a proxied connection or request has failed, in the words of RFC 9209, and what each word is to programs that speak SOCKS or
 * HTTP, and to callers of the API. A side that fails resets its stream with such a word and a text.
 */
import { type ErrorCode, NetworkError } from '../../core/index.js';
import type { Headers } from './protocols/headers.js';
import type { SocksReply } from './protocols/socks5.js';

interface Outcome {
  readonly status: number;
  readonly reply: SocksReply;
  readonly code: 'PROXY_DENIED' | 'PROXY_OVERLOADED' | 'PROXY_TARGET_FAILED';
}

const DENIED = 'PROXY_DENIED';
const FAILED = 'PROXY_TARGET_FAILED';

export const OUTCOMES = {
  destination_ip_prohibited: { status: 403, reply: 'not-allowed', code: DENIED },
  http_request_denied: { status: 403, reply: 'not-allowed', code: DENIED },
  http_request_error: { status: 400, reply: 'failure', code: DENIED },
  destination_not_found: { status: 404, reply: 'host-unreachable', code: FAILED },
  proxy_loop_detected: { status: 508, reply: 'not-allowed', code: DENIED },
  connection_limit_reached: { status: 503, reply: 'failure', code: 'PROXY_OVERLOADED' },
  dns_error: { status: 502, reply: 'host-unreachable', code: FAILED },
  connection_refused: { status: 502, reply: 'refused', code: FAILED },
  connection_terminated: { status: 502, reply: 'failure', code: FAILED },
  connection_timeout: { status: 504, reply: 'host-unreachable', code: FAILED },
  destination_unavailable: { status: 502, reply: 'host-unreachable', code: FAILED },
  destination_ip_unroutable: { status: 502, reply: 'network-unreachable', code: FAILED },
  http_protocol_error: { status: 502, reply: 'failure', code: FAILED },
  proxy_internal_error: { status: 500, reply: 'failure', code: FAILED },
} as const satisfies Record<string, Outcome>;
/** What went wrong. */
export type ProxyErrorType = keyof typeof OUTCOMES;

const TYPES_OF_SYSTEM: Readonly<Record<string, ProxyErrorType>> = {
  ECONNREFUSED: 'connection_refused',
  ECONNRESET: 'connection_terminated',
  EPIPE: 'connection_terminated',
  ETIMEDOUT: 'connection_timeout',
  EHOSTUNREACH: 'destination_unavailable',
  EHOSTDOWN: 'destination_unavailable',
  ENETUNREACH: 'destination_ip_unroutable',
  ENETDOWN: 'destination_ip_unroutable',
  EADDRNOTAVAIL: 'destination_ip_unroutable',
  ENOTFOUND: 'dns_error',
  ENODATA: 'dns_error',
  ESERVFAIL: 'dns_error',
  EREFUSED: 'dns_error',
  ECONNABORTED: 'connection_terminated',
};
const RESET_TEXT = /^([a-z_]+): (.*)$/s;

/** The error of an outcome. */
export function failure(type: ProxyErrorType, text: string, cause?: unknown): NetworkError {
  return new NetworkError(OUTCOMES[type].code, text, { details: { type }, ...(cause === undefined ? {} : { cause }) });
}

/** Whatever was thrown, as an outcome. `what`: who or what has failed, for the text. */
export function asFailure(thrown: unknown, what: string): NetworkError {
  if (thrown instanceof NetworkError) return typeOf(thrown) === undefined ? ofStream(thrown) : thrown;
  const systemCode = (Object(thrown) as { readonly code?: unknown }).code;
  const code = typeof systemCode === 'string' ? systemCode : 'UNKNOWN';
  return failure(TYPES_OF_SYSTEM[code] ?? 'proxy_internal_error', `${what}: ${code}`, thrown);
}

/** Of an error that `failure` has made. */
export function typeOf({ details }: NetworkError): ProxyErrorType | undefined {
  const type = details['type'];
  return typeof type === 'string' && Object.hasOwn(OUTCOMES, type) ? (type as ProxyErrorType) : undefined;
}

/** As it is said to the other side of a stream. */
export function resetTextOf(error: NetworkError): string {
  return `${typeOf(error) ?? 'proxy_internal_error'}: ${error.message}`;
}

/** For people and programs that get the answer: which proxy has failed, and how. */
export function statusFields(error: NetworkError, hop: string): Headers {
  return [['Proxy-Status', `${hop}; error=${typeOf(error) ?? 'proxy_internal_error'}`]];
}

export function outcomeOf(error: NetworkError): Outcome {
  return OUTCOMES[typeOf(error) ?? 'proxy_internal_error'];
}

/** The other side has reset the stream, or the stream could not be. */
function ofStream(error: NetworkError): NetworkError {
  const [, type = '', text = ''] = RESET_TEXT.exec(error.message) ?? [];
  if (error.code === 'STREAM_RESET' && Object.hasOwn(OUTCOMES, type)) return failure(type as ProxyErrorType, text, error);
  return failure(STREAM_TYPES[error.code] ?? 'connection_terminated', `${error.code}: ${error.message}`, error);
}

const STREAM_TYPES: Partial<Record<ErrorCode, ProxyErrorType>> = {
  STREAM_REFUSED: 'destination_unavailable',
  STREAM_UNREACHABLE: 'destination_unavailable',
  STREAM_OVERLOADED: 'connection_limit_reached',
  LIMIT_EXCEEDED: 'connection_limit_reached',
  STREAM_TIMEOUT: 'connection_timeout',
  STREAM_FAILED: 'proxy_internal_error',
};
