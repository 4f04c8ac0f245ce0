/**
 * @module Routes: the destination of a message. A route is a plain value that may be kept and used again; the router table answers
 * it with a route action (`router-table.ts`). Nothing here knows links.
 */

import { isNodeId, NODE_ID_BYTES, type NodeId, shortId } from '../address/node-id.js';
import { NetworkError } from '../errors.js';
import { shown } from '../schema/schema.js';

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
export type RouteOf<Type extends Route['type']> = Extract<Route, { type: Type }>;

/** The routes a router table decides. */
export type RouteRule = Extract<Route, { type: 'node' | 'key' | 'service' | 'services' }>;

export function toNode(nodeId: NodeId): RouteOf<'node'> {
  return { type: 'node', nodeId: requireNodeId('toNode: nodeId', nodeId) };
}

export function toKey(key: NodeId): RouteOf<'key'> {
  return { type: 'key', key: requireNodeId('toKey: key', key) };
}

export function toService(serviceId?: number, meta = 0): RouteOf<'service'> {
  return checked('toService', { type: 'service', serviceId, meta });
}

export function toServices(serviceId?: number, scope = 0): RouteOf<'services'> {
  return checked('toServices', { type: 'services', serviceId, scope });
}

export function toConnection(connectionId: number): RouteOf<'connection'> {
  return checked('toConnection', { type: 'connection', connectionId });
}

export function toNextHop(nodeId: NodeId): RouteOf<'next-hop'> {
  return { type: 'next-hop', nodeId: requireNodeId('toNextHop: nodeId', nodeId) };
}

const LOCAL: RouteOf<'local'> = { type: 'local' };

export function toLocal(): RouteOf<'local'> {
  return LOCAL;
}

/** Throws `ARGUMENT_INVALID` for what is no route, whoever has made it. `title`: whose argument it is. */
export function requireRoute(title: string, route: Route): void {
  switch ((Object(route) as Route).type) {
    case 'local':
      return;
    case 'node':
    case 'next-hop':
      if (!isNodeId((route as RouteOf<'node'>).nodeId)) requireNodeId(`${title}: nodeId`, (route as RouteOf<'node'>).nodeId);
      return;
    case 'key':
      if (!isNodeId((route as RouteOf<'key'>).key)) requireNodeId(`${title}: key`, (route as RouteOf<'key'>).key);
      return;
    case 'service':
    case 'services':
    case 'connection':
      checked(title, route as RouteOf<'service' | 'services' | 'connection'>);
      return;
    default:
      throw invalid(title, 'route', route, 'a route, as toNode(nodeId) and its like give');
  }
}

/** Where a route leads, in short. */
export function routeText(route: Route): string {
  switch (route.type) {
    case 'node':
      return `node ${shortId(route.nodeId)}`;
    case 'key':
      return `the node closest to key ${shortId(route.key)}`;
    case 'service':
      return 'one of its providers';
    case 'services':
      return 'all its providers';
    case 'connection':
      return `the node at connection ${route.connectionId}`;
    case 'next-hop':
      return `the next hop to node ${shortId(route.nodeId)}`;
    case 'local':
      return 'this node';
  }
}

/** Throws `ARGUMENT_INVALID`; `NodeId` says that it was checked, but JavaScript knows no types. */
export function requireNodeId(title: string, id: NodeId): NodeId {
  if (isNodeId(id)) return id;
  throw new NetworkError('ARGUMENT_INVALID', `${title} is ${shown(id)}; it must be a node id: 64 lower-case hex digits`);
}

/** The numbers of a route. */
function checked<R extends RouteOf<'service' | 'services' | 'connection'>>(title: string, route: R): R {
  const given: RouteOf<'service' | 'services' | 'connection'> = route;
  if (given.type === 'connection') {
    checkNumber(title, 'connectionId', given.connectionId, 1, Number.MAX_SAFE_INTEGER);
    return route;
  }
  if (given.serviceId !== undefined) checkNumber(title, 'serviceId', given.serviceId, 0, 255);
  if (given.type === 'service') checkNumber(title, 'meta', given.meta, 0, 0xffffff);
  else checkNumber(title, 'scope', given.scope, 0, NODE_ID_BYTES);
  return route;
}

function checkNumber(title: string, name: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw invalid(
    title,
    name,
    value,
    max === Number.MAX_SAFE_INTEGER ? `a whole number of ${min} or more` : `a whole number from ${min} to ${max}`,
  );
}

function invalid(title: string, name: string, given: unknown, what: string): NetworkError {
  return new NetworkError('ARGUMENT_INVALID', `${title}: ${name} is ${shown(given)}; it must be ${what}`);
}
