/**
 * @module Stopping: how a node ends: the options of `stop`, what they may be, and what is given back. When which step is taken is decided in `node.ts`.
 */
import type { NodeState } from '../api/node-view.js';
import { requireOptions } from '../engine/behaviors/arguments.js';
import type { LinkTable } from '../engine/links/link-table.js';
import { NetworkError } from '../errors.js';
import { shown } from '../schema/schema.js';

/** How a node stops. */
export interface StopOptions {
  /**
   * 0 by default: calls in work and streams are ended at once, with an error. Above 0: for so long at most the node takes nothing new (it accepts
   * no connection, withdraws its services, and refuses requests with `RPC_PEER_GONE` and streams with `STREAM_REFUSED`), while calls in work and
   * open streams, its own included, go on. Up to 86,400,000. A stream that does not end takes all of that time.
   */
  readonly drainMs?: number;
}

/** How long a stop waits for what behaviours saved at the end. */
export const FLUSH_MS = 400;
const DRAIN_MS_MAX = 86_400_000;

/** The drain in milliseconds, or what is wrong with the options. */
export function drainMsOf(options: StopOptions): number | NetworkError {
  try {
    return checked(options);
  } catch (error) {
    return error as NetworkError;
  }
}

function checked(options: StopOptions): number {
  requireOptions('stop', options, ['drainMs']);
  const { drainMs = 0 } = options;
  if (typeof drainMs === 'number' && drainMs >= 0 && drainMs <= DRAIN_MS_MAX) return drainMs;
  const text = `stop: drainMs is ${shown(drainMs)}; it must be a number of milliseconds from 0 to ${DRAIN_MS_MAX}`;
  throw new NetworkError('ARGUMENT_INVALID', text);
}

/** Throws `NOT_STARTED`. */
export function requireRunning(state: NodeState): void {
  if (state === 'running' || state === 'draining') return;
  throw new NetworkError('NOT_STARTED', state === 'new' ? 'the node was not started' : 'the node was stopped');
}

/** Says goodbye on the relayed links while the links that carry them are still open. */
export function leaveRelayed(links: Pick<LinkTable, 'openConnections' | 'closeById'>): void {
  for (const { id, path } of links.openConnections()) if (path === 'relayed') links.closeById(id, 'the node stops');
}

/** What is given back when a node has ended. */
interface Lent {
  readonly control: { close(): void } | undefined;
  readonly storage: { close?(): void };
}

/** The node has ended: nobody may use what it had. */
export function release({ control, storage }: Lent, runner: { release(): void }): void {
  control?.close();
  storage.close?.();
  runner.release();
}
