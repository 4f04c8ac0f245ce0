/**
 * @module ShadowDelta: what changed in a table, as plain values that `structuredClone` and `postMessage` take.
 */
import type { NodeId } from '../../../core/address/node-id.js';
import type { ServiceBalance } from '../rib/options.js';

export type ShadowDelta =
  /** All that came before is void. `zoneBytes`: 0 for a table that knows no zones. */
  | { readonly type: 'begin'; readonly self: NodeId; readonly zoneBytes: number; readonly balance: ServiceBalance }
  | { readonly type: 'set-link'; readonly connectionId: number; readonly nodeId: NodeId }
  | { readonly type: 'del-link'; readonly connectionId: number }
  /** A behaviour of the table's own node offers a service. */
  | { readonly type: 'set-service'; readonly serviceId: number }
  | { readonly type: 'del-service'; readonly serviceId: number }
  | ShadowNodeDelta
  | { readonly type: 'del-node'; readonly nodeId: NodeId };

/** A node or a zone that can be reached. */
export interface ShadowNodeDelta {
  readonly type: 'set-node';
  readonly nodeId: NodeId;
  /** The route to it, and what it costs. */
  readonly connectionId: number;
  readonly cost: number;
  /** Services that are offered there. */
  readonly services: readonly number[];
  /** For what comes over the connection `from`, another route; `NO_ROUTE` for none. */
  readonly detours: readonly { readonly from: number; readonly over: number }[];
}

export const NO_ROUTE = -1;
