/**
 * @module RouteDraft: asks the router table where a route goes, and writes the route into a header. A message to a service becomes one to
 * the provider that the table chooses, if it does.
 */

import { type NodeId, nodeIdToBytes } from '../../address/node-id.js';
import { LOCAL, type RouteAction } from '../../api/router-table.js';
import type { Route } from '../../api/routes.js';
import { type HeaderDraft, KIND_DIRECT, KIND_KEY, KIND_NODE, KIND_SERVICE } from '../../wire/message.js';
import type { RouterFacade } from '../router-facade.js';
import type { ProviderStreams } from './provider-streams.js';

type UnicastRoute = Exclude<Route, { type: 'connection' | 'services' }>;

export class RouteDraft {
  /** Authors mostly send to the same few nodes: the last id's bytes are kept. */
  private lastId: NodeId | undefined;
  private lastBytes: Uint8Array | undefined;

  constructor(
    private readonly router: RouterFacade,
    private readonly streams: ProviderStreams,
  ) {}

  /** The node that the last route to one, or to a provider, was written for. */
  get destination(): NodeId | undefined {
    return this.lastId;
  }

  /** `except`: a connection that is not taken. */
  write(route: UnicastRoute, header: HeaderDraft, except: number | undefined): RouteAction {
    switch (route.type) {
      case 'local':
        return LOCAL;
      case 'next-hop':
        header.kind = KIND_DIRECT;
        return this.pathToNode(route.nodeId, except);
      case 'node':
        return this.toNode(route.nodeId, header, except);
      case 'key':
        header.kind = KIND_KEY;
        header.destination = this.bytesOf(route.key);
        return this.router.pathToKey(route.key, except);
      case 'service':
        return this.toService(route, header, except);
    }
  }

  private toService(
    { serviceId, meta }: Extract<Route, { type: 'service' }>,
    header: HeaderDraft,
    except: number | undefined,
  ): RouteAction {
    const wanted = serviceId ?? header.fromServiceId;
    const provider = this.streams.choose(header.fromServiceId, wanted, meta, header.streamId);
    if (provider !== undefined) return this.toNode(provider, header, except);
    header.kind = KIND_SERVICE;
    header.routedServiceId = wanted;
    header.meta = meta;
    return this.router.pathToService(wanted, meta, except);
  }

  private toNode(nodeId: NodeId, header: HeaderDraft, except: number | undefined): RouteAction {
    const action = this.pathToNode(nodeId, except);
    header.kind = KIND_NODE;
    header.destination = this.bytesOf(nodeId);
    return action;
  }

  private pathToNode(nodeId: NodeId, except: number | undefined): RouteAction {
    return except === undefined ? this.router.pathToNode(nodeId) : this.router.pathAround(nodeId, except);
  }

  private bytesOf(id: NodeId): Uint8Array {
    if (id !== this.lastId || this.lastBytes === undefined) {
      this.lastBytes = nodeIdToBytes(id);
      this.lastId = id;
    }
    return this.lastBytes;
  }
}
