/**
 * @module The options of `StaticRouter`, checked and turned into Maps. People write them, so ids may be in upper case. It knows no links.
 */

import { isNodeId, type NodeId } from '../core/address/node-id.js';
import { fallback, list, mapOf, optional, options, optionsReader, parsed } from '../core/schema/index.js';

export interface StaticRouterOptions {
  /** For a destination's node id, the neighbour that it is reached over. The neighbour may be the destination itself. Default: none. */
  readonly nodes?: Readonly<Record<string, string>>;
  /** For a service id (0 to 255), its providers, the preferred one first. An empty list: this node only. Default: none. */
  readonly services?: Readonly<Record<number, readonly string[]>>;
  /** The neighbour that takes what has no other route. Absent: it is rejected. */
  readonly default?: string;
}

export interface StaticTable {
  readonly nodes: ReadonlyMap<NodeId, NodeId>;
  readonly services: ReadonlyMap<number, readonly NodeId[]>;
  readonly default: NodeId | undefined;
}

const SERVICE_ID = /^(0|[1-9]\d{0,2})$/;
const PROVIDERS_MAX = 65_536;

const NODE = parsed('a node id (64 hex digits)', (value) => {
  const lower = typeof value === 'string' ? value.toLowerCase() : undefined;
  return isNodeId(lower) ? lower : undefined;
});
const SERVICE = parsed('a service id from 0 to 255', (key) => {
  const isRight = typeof key === 'string' && SERVICE_ID.test(key) && Number(key) <= 255;
  return isRight ? Number(key) : undefined;
});

/** Throws `OPTION_INVALID`, naming the option. */
export const readStaticTable: (options: StaticRouterOptions) => StaticTable = optionsReader(
  'StaticRouter',
  options({
    nodes: fallback(mapOf(NODE, NODE), new Map()),
    services: fallback(mapOf(SERVICE, list(NODE, PROVIDERS_MAX)), new Map()),
    default: optional(NODE),
  }),
);
