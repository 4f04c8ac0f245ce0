/**
 * @module CallOutcome: how calls and connects of an application end otherwise than well: by their signal, or with an error code.
 */

import { RpcError } from '../api/rpc.js';
import { ERROR_CODES, type ErrorCode, NetworkError } from '../errors.js';

/** Calls back when the signal aborts, until the returned function is called. */
export function onAbort(signal: AbortSignal | undefined, callback: (error: NetworkError) => void): () => void {
  if (signal === undefined) return () => {};
  const listener = () => callback(cancelled(signal));
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

export function cancelled(signal: AbortSignal): NetworkError {
  return new NetworkError('CALL_CANCELLED', 'cancelled by its signal', { cause: signal.reason });
}

/** The handler's own codes come as an `RpcError`, ours as a `NetworkError`. */
export function errorOf({ code, text }: { readonly code: string; readonly text: string }): Error {
  return Object.hasOwn(ERROR_CODES, code) ? new NetworkError(code as ErrorCode, text) : new RpcError(code, text);
}

export function timeoutOf(timeoutMs: number | undefined): { readonly timeoutMs?: number } {
  return timeoutMs === undefined ? {} : { timeoutMs };
}

/** For a typed client that is asked for what its class does not offer. */
export function unknownMethod(type: string, method: string): NetworkError {
  return new NetworkError('RPC_METHOD_UNKNOWN', `${type} offers no method ${method}`);
}
