/**
 * @module RpcOptions: what an author declares of a method that others may call: `@Rpc({ … })`, or `rpc: { method: { … } }` in `static behavior`. It
 * reads them and knows no class.
 */
import { boolean, optional, options, optionsReader, type Validator, validator, whole } from '../schema/index.js';

/** The longest time that a stream of responses is kept for its reader. */
export const RESUME_MS_MAX = 60_000;

/** What is true of a method, for those who call it and for those who run it. */
export interface RpcMethodOptions {
  /**
   * Doing it twice is as good as doing it once: a call to a service that fails without an answer is made again, to another provider, within its
   * deadline. False by default.
   */
  readonly idempotent?: boolean;
  /**
   * Of a method that returns a stream of responses: for so long it is kept when the last connection to its reader has ended, and goes on where
   * that reader asks it to. 0 by default: it ends within a second. At most 60,000.
   */
  readonly resumeMs?: number;
  /**
   * Checks the request before the method gets it, which gets what this returns: any validator that follows the Standard Schema. A request that does
   * not pass is answered `SCHEMA_MISMATCH`, with the first flaws. Of a request that is a stream it checks every item.
   */
  readonly input?: Validator;
  /** The same for what the method returns, or each item that it yields. One that does not pass is answered `RPC_FAILED`; the flaws stay in the log. */
  readonly output?: Validator;
}

export const NO_RPC_OPTIONS: RpcMethodOptions = Object.freeze({});

const OPTIONS = options({
  idempotent: optional(boolean),
  resumeMs: optional(whole(0, RESUME_MS_MAX)),
  input: optional(validator()),
  output: optional(validator()),
});

/** Throws `BEHAVIOR_INVALID`, naming every flaw. */
export function readRpcOptions(who: string, given: unknown): RpcMethodOptions {
  return Object.freeze(optionsReader(who, OPTIONS, 'BEHAVIOR_INVALID')(given)) as RpcMethodOptions;
}
