/** @module MethodContext: what the methods of the control socket work with. */
import type { ControlFacts, ControlledNode, ControlPermission } from '../../../core/index.js';
import type { Outcome } from '../session.js';
import type { Troubles } from './troubles.js';

export interface MethodContext {
  readonly node: ControlledNode;
  readonly facts: ControlFacts;
  readonly allow: readonly ControlPermission[];
  readonly troubles: Troubles;
  /** When the node was started, on its monotonic clock. */
  readonly openedMs: number;
  /** Where the socket is. */
  readonly path: string;
}

export interface Method {
  /** What `allow` must have for it. */
  readonly permission?: ControlPermission;
  /** Throws what is wrong with the parameters. */
  run(context: MethodContext, params: unknown, signal: AbortSignal): Promise<Outcome> | Outcome;
}
