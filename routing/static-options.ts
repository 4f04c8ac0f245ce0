/**
 * @module The options of `StaticRouter`, checked and turned into Maps. People write them, so ids may be in upper case. It knows no links.
 */

import { isNodeId, type NodeId } from '../core/address/node-id.js';
import { NetworkError } from '../core/errors.js';

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

const FIELDS: readonly string[] = ['nodes', 'services', 'default'];
const SERVICE_ID = /^(0|[1-9]\d{0,2})$/;

export function readStaticTable(options: StaticRouterOptions): StaticTable {
  for (const [field] of entriesOf(options, 'options')) if (!FIELDS.includes(field)) throw invalid(field, 'is unknown');
  const gateway = options.default === undefined ? undefined : readNodeId(options.default, 'default');
  return { nodes: readNodes(options.nodes), services: readServices(options.services), default: gateway };
}

function readNodes(given: unknown): Map<NodeId, NodeId> {
  const nodes = new Map<NodeId, NodeId>();
  for (const [key, via] of entriesOf(given ?? {}, 'nodes')) {
    const nodeId = readNodeId(key, `nodes[${JSON.stringify(key)}]`);
    if (nodes.has(nodeId)) throw invalid(`nodes[${JSON.stringify(key)}]`, 'names the same node twice');
    nodes.set(nodeId, readNodeId(via, `nodes[${JSON.stringify(key)}]`));
  }
  return nodes;
}

function readServices(given: unknown): Map<number, readonly NodeId[]> {
  const services = new Map<number, readonly NodeId[]>();
  for (const [key, providers] of entriesOf(given ?? {}, 'services')) {
    const field = `services[${JSON.stringify(key)}]`;
    if (!SERVICE_ID.test(key) || Number(key) > 255) throw invalid(field, 'is no service id from 0 to 255');
    if (!Array.isArray(providers)) throw invalid(field, 'must be a list of node ids');
    services.set(
      Number(key),
      providers.map((nodeId, index) => readNodeId(nodeId, `${field}[${index}]`)),
    );
  }
  return services;
}

function readNodeId(value: unknown, field: string): NodeId {
  const lower = typeof value === 'string' ? value.toLowerCase() : undefined;
  if (!isNodeId(lower)) throw invalid(field, 'is not a node id (64 hex digits)');
  return lower;
}

function entriesOf(value: unknown, field: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(field, 'must be an object');
  return Object.entries(value);
}

function invalid(field: string, fault: string): NetworkError {
  return new NetworkError('OPTION_INVALID', `StaticRouter: ${field} ${fault}`, { details: { field } });
}
