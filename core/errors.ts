/**
 * @module Errors: every code; `docs/errors.md` is made from it, from `error-causes.ts` and from `cures.ts`. Codes that are thrown or rejected
 * are UPPER_SNAKE and never used again for something else. Reasons that close a connection are lower-case literals with a number for
 * the wire. What a remote sends is never an exception: it is a value, a closed connection and a counter.
 */
import { cureOf } from '#cures';

export { CLOSE_CODES, type CloseCode, type CloseReason, closeCodeOf } from './close-codes.js';

/** Every thrown or rejected code. What each means is in `error-causes.ts`, and what helps in `cures.ts`: pages load neither. */
const ERROR_CODES = [
  'ADDRESS_INVALID',
  'ADDRESS_IN_USE',
  'ADDRESS_UNAVAILABLE',
  'ADDRESSES_UNKNOWN',
  'AGENT_ESCAPED',
  'ALREADY_STARTED',
  'ARGUMENT_INVALID',
  'BEHAVIOR_CYCLE',
  'BEHAVIOR_DUPLICATE',
  'BEHAVIOR_FAILED',
  'BEHAVIOR_INVALID',
  'BEHAVIOR_MISSING',
  'CALL_CANCELLED',
  'CERTIFICATE_REFUSED',
  'CIRCUIT_REFUSED',
  'CODEC_UNENCODABLE',
  'CONNECTION_CLOSED',
  'CONNECTION_REFUSED',
  'CONTROL_DENIED',
  'CONTROL_FAILED',
  'CONTROL_IN_USE',
  'CONTROL_TIMEOUT',
  'CONTROL_UNAVAILABLE',
  'CRYPTO_FAILED',
  'DATA_DIRECTORY_IN_USE',
  'DATA_DIRECTORY_UNUSABLE',
  'DEPENDENCY_DUPLICATE',
  'DEPENDENCY_MISSING',
  'DIAL_FAILED',
  'DIAL_TIMEOUT',
  'ENGINE_FAILED',
  'HANDSHAKE_FAILED',
  'HOST_UNRESOLVED',
  'HOST_UNREACHABLE',
  'IDENTITY_MISMATCH',
  'KEY_FILE_INVALID',
  'KEY_UNKNOWN',
  'LAN_UNAVAILABLE',
  'LIMIT_EXCEEDED',
  'LIMITS_INVALID',
  'LOCAL_REJECTED',
  'LOOKUP_ALL_SILENT',
  'LOOKUP_DEADLINE',
  'LOOKUP_EMPTY_TABLE',
  'MEMBERSHIP_INVALID',
  'NO_REPLICA',
  'NODE_ID_INVALID',
  'NOT_STARTED',
  'OPTION_INVALID',
  'PEER_GONE',
  'PEER_INVALID',
  'PLACEMENT_ABSENT',
  'PROTOCOL_ERROR',
  'PROTOCOL_VERSION',
  'PROXY_DENIED',
  'PROXY_OVERLOADED',
  'PROXY_TARGET_FAILED',
  'REMOTE_REJECTED',
  'RPC_ABSENT',
  'RPC_FAILED',
  'RPC_METHOD_UNKNOWN',
  'RPC_NO_HANDLER',
  'RPC_OVERLOADED',
  'RPC_PEER_GONE',
  'RPC_SEQUENCE',
  'RPC_SOURCE_FAILED',
  'RPC_TIMEOUT',
  'RPC_TOO_LARGE',
  'RPC_UNREACHABLE',
  'SCHEMA_ASYNC',
  'SCHEMA_MISMATCH',
  'SCHEME_UNKNOWN',
  'SELF_DIAL',
  'STORAGE_FAILED',
  'STREAM_FAILED',
  'STREAM_LOST',
  'STREAM_OVERLOADED',
  'STREAM_REFUSED',
  'STREAM_RESET',
  'STREAM_TIMEOUT',
  'STREAM_UNREACHABLE',
  'STREAMS_ABSENT',
  'TOPIC_TOO_WIDE',
  'TRANSPORT_FAILED',
  'UPGRADE_REFUSED',
  'VALUE_CHANGED',
  'VALUE_INCOMPLETE',
  'VALUE_REFUSED',
  'WAIT_TIMEOUT',
  'WATCH_LOST',
  'WATCH_REGRESSED',
  'WRITE_DENIED',
  'WRITE_UNCERTAIN',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Whether it is one of those codes: what a remote names may be its own. */
export function isErrorCode(code: string): code is ErrorCode {
  return (ERROR_CODES as readonly string[]).includes(code);
}

/** The one error class: `code` is stable, `details` are structured, `cause` is what lies beneath. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  readonly details: Readonly<Record<string, unknown>>;
  /** What helps, as the table of codes has it; in pages, which do not load that, where it is found. */
  readonly cure: string;

  constructor(
    readonly code: ErrorCode,
    text: string,
    options: { readonly cause?: unknown; readonly details?: Readonly<Record<string, unknown>>; readonly cure?: string } = {},
  ) {
    super(text, options.cause === undefined ? undefined : { cause: options.cause });
    this.details = options.details ?? {};
    this.cure = options.cure ?? cureOf(code);
  }
}

/** The result of `send`. The message is kept only if it is `queued`. */
export type SendResult = 'queued' | 'full' | 'unreachable' | 'too-large';

/** For the end of a switch over a closed union. */
export function assertNever(value: never): never {
  throw new NetworkError('ARGUMENT_INVALID', `unexpected value ${String(value)}`);
}
