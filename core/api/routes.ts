/**
 * @module Routes: where a message wishes to go. A route is a plain value that may be kept and used again; the router table answers
 * it with a route action (`router-table.ts`). Nothing here knows links.
 */

import { NODE_ID_BYTES, type NodeId } from '../address/node-id.js';
import { NetworkError } from '../errors.js';

/** Every route an author can ask for. */
export type Route =
  /** To the node with this id, over any number of hops. */
  | { readonly type: 'node'; readonly nodeId: NodeId }
  /** To the node whose id is closest to the key by XOR. A key has the form of a node id. */
  | { readonly type: 'key'; readonly key: NodeId }
  /** To one provider of a service; `serviceId` absent means the sender's own. `meta` is 24 bits for the table's use. */
  | { readonly type: 'service'; readonly serviceId: number | undefined; readonly meta: number }
  /**
   * One copy to every provider of a service within the scope: the first `scope` bytes of its id are those of the sender's. 0: everywhere;
   * 1, 2 and 3: the zone, the part of it, the group; 32: this node alone.
   */
  | { readonly type: 'services'; readonly serviceId: number | undefined; readonly scope: number }
  /** To the node at the other end of this connection, without routing. */
  | { readonly type: 'connection'; readonly connectionId: number }
  /** To the next hop on the path to `nodeId`: it handles the message itself. Builds relay trees. */
  | { readonly type: 'next-hop'; readonly nodeId: NodeId }
  /** To this node. */
  | { readonly type: 'local' };

/** Routes of one kind. */
type RouteOf<Type extends Route['type']> = Extract<Route, { type: Type }>;

/** The routes a router table decides. */
export type RouteRule = Extract<Route, { type: 'node' | 'key' | 'service' | 'services' }>;

export function toNode(nodeId: NodeId): RouteOf<'node'> {
  return { type: 'node', nodeId: checked(nodeId, 'toNode: nodeId') };
}

export function toKey(key: NodeId): RouteOf<'key'> {
  return { type: 'key', key: checked(key, 'toKey: key') };
}

export function toService(serviceId?: number, meta = 0): RouteOf<'service'> {
  checkNumber('toService: serviceId', serviceId, 255);
  checkNumber('toService: meta', meta, 0xffffff);
  return { type: 'service', serviceId, meta };
}

export function toServices(serviceId?: number, scope = 0): RouteOf<'services'> {
  checkNumber('toServices: serviceId', serviceId, 255);
  checkNumber('toServices: scope', scope, NODE_ID_BYTES);
  return { type: 'services', serviceId, scope };
}

export function toConnection(connectionId: number): RouteOf<'connection'> {
  return { type: 'connection', connectionId };
}

export function toNextHop(nodeId: NodeId): RouteOf<'next-hop'> {
  return { type: 'next-hop', nodeId: checked(nodeId, 'toNextHop: nodeId') };
}

const LOCAL: RouteOf<'local'> = { type: 'local' };

export function toLocal(): RouteOf<'local'> {
  return LOCAL;
}

/** Cheap on purpose, because routes are made per message: whether the text is hex was checked where it became a `NodeId`. */
function checked(id: NodeId, title: string): NodeId {
  if (typeof id === 'string' && id.length === 2 * NODE_ID_BYTES) return id;
  throw new NetworkError('ARGUMENT_INVALID', `${title} is not a node id`);
}

function checkNumber(title: string, value: number | undefined, max: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= max)) return;
  throw new NetworkError('ARGUMENT_INVALID', `${title} is ${String(value)}; it must be a whole number from 0 to ${max}`);
}
