/**
 * @module StopOptions: how a node ends, and where it is in its life.
 */
import { NetworkError } from '../errors.js';

/** Where a node is in its life. `draining`: `stop({ drainMs })` waits for calls in work. */
export type NodeState = 'new' | 'running' | 'draining' | 'stopped';

/** How a node stops. */
export interface StopOptions {
  /**
   * 0 by default: calls in work are settled at once, with an error. Above 0: for so long at most the node takes nothing new (it accepts no
   * connection, withdraws its services, and refuses requests with `RPC_PEER_GONE`), while calls in work, its own included, go on and are
   * answered. Up to 86,400,000. A stream of responses that does not end takes all of that time.
   */
  readonly drainMs?: number;
}

const DRAIN_MS_MAX = 86_400_000;

/** The drain in milliseconds, or what is wrong with it. */
export function drainMsOf({ drainMs = 0 }: StopOptions): number | NetworkError {
  if (typeof drainMs === 'number' && drainMs >= 0 && drainMs <= DRAIN_MS_MAX) return drainMs;
  const text = `stop: drainMs is ${String(drainMs)}; it must be a number of milliseconds from 0 to ${DRAIN_MS_MAX}`;
  return new NetworkError('ARGUMENT_INVALID', text);
}
