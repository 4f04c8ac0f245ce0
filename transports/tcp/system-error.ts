/**
 * @module System errors: turns what the system reports about sockets and names into `NetworkError`s that name the endpoint, the
 * system's code and what was being done.
 */
import type { Address } from '../../core/address/address.js';
import { type ErrorCode, NetworkError } from '../../core/errors.js';

/** What was being done; the same system code means different things to a listener and to a dial. */
export type Operation = 'listen' | 'dial' | 'link';

const CODES: Readonly<Record<Operation, Readonly<Record<string, ErrorCode>>>> = {
  listen: {
    EADDRINUSE: 'ADDRESS_IN_USE',
    EADDRNOTAVAIL: 'ADDRESS_UNAVAILABLE',
    EAFNOSUPPORT: 'ADDRESS_UNAVAILABLE',
    EACCES: 'ADDRESS_UNAVAILABLE',
    EPERM: 'ADDRESS_UNAVAILABLE',
  },
  dial: {
    ECONNREFUSED: 'CONNECTION_REFUSED',
    EHOSTUNREACH: 'HOST_UNREACHABLE',
    EHOSTDOWN: 'HOST_UNREACHABLE',
    ENETUNREACH: 'HOST_UNREACHABLE',
    ENETDOWN: 'HOST_UNREACHABLE',
    EAFNOSUPPORT: 'HOST_UNREACHABLE',
    EADDRNOTAVAIL: 'HOST_UNREACHABLE',
    ETIMEDOUT: 'DIAL_TIMEOUT',
  },
  link: {},
};
/** What a peer's certificate may lack, as the TLS library says it. */
const CERTIFICATE_CODE = /^(ERR_TLS_CERT|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(VERIFY|GET_ISSUER))|^(HOSTNAME_MISMATCH|INVALID_CA)$/;
/** What answers is no HTTP, or no TLS. */
const FOREIGN_CODE = /^(HPE_|EPROTO$|ERR_SSL_)/;

const DOING: Readonly<Record<Operation, string>> = { listen: 'cannot listen on', dial: 'cannot connect to', link: 'lost the channel to' };

/** The system's own name of an error, such as `ECONNREFUSED`. */
export function systemCodeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : 'UNKNOWN';
}

/** `address` is what was asked for, `host` the numeric address that was tried, where that is another one. */
export function networkError(operation: Operation, address: Address, cause: unknown, host: string = address.host): NetworkError {
  const systemCode = systemCodeOf(cause);
  const code = CODES[operation][systemCode] ?? protocolCode(systemCode);
  const by = host === address.host ? '' : ` at ${host}`;
  const details = { address: address.text, host, port: address.port, systemCode };
  return new NetworkError(code, `${DOING[operation]} ${address.text}${by}: ${systemCode}`, { cause, details });
}

/** Of what stands on the socket: TLS and HTTP. */
function protocolCode(systemCode: string): ErrorCode {
  if (CERTIFICATE_CODE.test(systemCode)) return 'CERTIFICATE_REFUSED';
  return FOREIGN_CODE.test(systemCode) ? 'UPGRADE_REFUSED' : 'TRANSPORT_FAILED';
}

/** Whatever kept the resolver from an answer. */
export function unresolved(operation: Operation, address: Address, cause: unknown): NetworkError {
  const systemCode = systemCodeOf(cause);
  const details = { address: address.text, host: address.host, port: address.port, systemCode };
  return new NetworkError('HOST_UNRESOLVED', `${DOING[operation]} ${address.text}: ${systemCode}`, { cause, details });
}
