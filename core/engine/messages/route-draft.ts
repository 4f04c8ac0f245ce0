/**
 * @module RouteDraft: asks the router table for a route's way and writes the route into a header. A message to a service becomes one to
 * the provider that the table chooses, if it does.
 */

import { type NodeId, nodeIdToBytes } from '../../address/node-id.js';
import { LOCAL, type RouteAction } from '../../api/router-table.js';
import type { Route } from '../../api/routes.js';
import { type HeaderDraft, KIND_DIRECT, KIND_KEY, KIND_NODE, KIND_SERVICE } from '../../wire/message.js';
import type { Engine } from '../engine.js';
import type { ProviderStreams } from './provider-streams.js';

type UnicastRoute = Exclude<Route, { type: 'connection' | 'services' }>;

/** `except`: a connection that is no answer. */
export function draftRoute(
  engine: Engine,
  streams: ProviderStreams,
  route: UnicastRoute,
  draft: HeaderDraft,
  except: number | undefined,
): RouteAction {
  switch (route.type) {
    case 'local':
      return LOCAL;
    case 'next-hop':
      draft.kind = KIND_DIRECT;
      return engine.router.pathToNode(route.nodeId, except);
    case 'node':
      return draftNode(engine, route.nodeId, draft, except);
    case 'key':
      draft.kind = KIND_KEY;
      draft.destination = bytesOf(route.key);
      return engine.router.pathToKey(route.key, except);
    case 'service':
      return draftService(engine, streams, route, draft, except);
  }
}

function draftService(
  engine: Engine,
  streams: ProviderStreams,
  { serviceId, meta }: Extract<Route, { type: 'service' }>,
  draft: HeaderDraft,
  except: number | undefined,
): RouteAction {
  const wanted = serviceId ?? draft.fromServiceId;
  const provider = streams.choose(draft.fromServiceId, wanted, meta, draft.streamId);
  if (provider !== undefined) return draftNode(engine, provider, draft, except);
  draft.kind = KIND_SERVICE;
  draft.routedServiceId = wanted;
  draft.meta = meta;
  return engine.router.pathToService(wanted, meta, except);
}

function draftNode(engine: Engine, nodeId: NodeId, draft: HeaderDraft, except: number | undefined): RouteAction {
  const action = engine.router.pathToNode(nodeId, except);
  draft.kind = KIND_NODE;
  draft.destination = bytesOf(nodeId);
  return action;
}

/** Authors mostly send to the same few nodes: the last id's bytes are kept. */
let lastId: NodeId | undefined;
let lastBytes = new Uint8Array(0);

function bytesOf(id: NodeId): Uint8Array {
  if (id === lastId) return lastBytes;
  lastBytes = nodeIdToBytes(id) as Uint8Array<ArrayBuffer>;
  lastId = id;
  return lastBytes;
}
