/**
 * @module Rpc contract: what `onRpc` and `@Rpc` methods see. The calls themselves are the work of `behaviours/rpc`.
 */
import type { NodeId } from '../address/node-id.js';
import { NetworkError } from '../errors.js';
import { shown } from '../schema/schema.js';
import type { RpcMethodOptions } from './rpc-options.js';

/** A request, local or remote. */
export interface RpcRequest {
  readonly serviceId: number;
  readonly method: string;
  /** Decoded within the limits; bytes inside are copies. */
  readonly value: unknown;
  readonly source: NodeId;
  /** True only when the source is the authenticated neighbour, or this node. */
  readonly sourceVerified: boolean;
  /** Where it came in; absent for a local call. */
  readonly connectionId: number | undefined;
  /** Monotonic time until which an answer is of use. */
  readonly deadlineMs: number;
  /** Aborts when the caller cancels, the deadline passes, the connection is lost or the behaviour stops. */
  readonly signal: AbortSignal;
}

/** The second argument of an `@Rpc` method. */
export type RpcContext = Pick<RpcRequest, 'source' | 'sourceVerified' | 'connectionId' | 'deadlineMs' | 'signal'>;

/** Answers a request: once, also later, until the deadline. Further answers are ignored and counted. */
export interface RpcAnswer {
  ok(value?: unknown): void;
  /** `code` is UPPER_SNAKE, up to 64 characters; `text` up to 256. */
  error(code: string, text?: string): void;
  /** Answers with what an `@Rpc` method returned: a value, a promise of one, or a stream of responses (async iterable). */
  result(returned: unknown): void;
  /** Answers with what an `@Rpc` method threw. Its text stays on this node unless it is an `RpcError`. */
  failed(cause: unknown): void;
  /**
   * Answers with what an `@Rpc` method makes of the request, after the request has passed the method's validator, which may take a while. What the
   * method throws is its answer.
   */
  run(options: RpcMethodOptions, method: (value: unknown) => unknown): void;
}

const RPC_CODE = 'UPPER_SNAKE of at most 64 characters';

export function isRpcCode(code: unknown): code is string {
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(code);
}

/** Thrown by an `@Rpc` method to answer with a code of its own. `details` stay on their node: the caller's say what was called. */
export class RpcError extends Error {
  override readonly name = 'RpcError';

  /** `code`: UPPER_SNAKE, up to 64 characters. Throws `ARGUMENT_INVALID`. */
  constructor(
    readonly code: string,
    text: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(text);
    if (!isRpcCode(code)) throw new NetworkError('ARGUMENT_INVALID', `RpcError: code is ${shown(code)}; it must be ${RPC_CODE}`);
  }
}
