/**
 * @module ProviderStreams: which provider of a service a message goes to, asked where it begins. The table chooses; this keeps the choice
 * for every stream id but 0, so that the messages of a stream stay together, also when the table is replaced. It forgets the stream
 * that was used longest ago when there are `serviceStreamsMax`.
 */

import type { NodeId } from '../../address/node-id.js';
import type { Limits } from '../../limits.js';
import type { RouterFacade } from '../router-facade.js';

const STREAM_IDS = 2 ** 32;

export class ProviderStreams {
  /** By sending service, service and stream id, the last used last. */
  private readonly kept = new Map<number, NodeId>();

  constructor(
    private readonly limits: Limits,
    private readonly router: RouterFacade,
  ) {}

  get size(): number {
    return this.kept.size;
  }

  /** `undefined`: the table leaves the choice to the nodes on the way. */
  choose(fromServiceId: number, serviceId: number, meta: number, streamId: number): NodeId | undefined {
    const { router } = this;
    if (streamId === 0) return router.providerOf(serviceId, meta);
    const key = (fromServiceId * 256 + serviceId) * STREAM_IDS + streamId;
    const before = this.kept.get(key);
    const provider = router.providerOf(serviceId, meta, before);
    if (before !== undefined) this.kept.delete(key);
    if (provider !== undefined) this.keep(key, provider);
    return provider;
  }

  private keep(key: number, provider: NodeId): void {
    if (this.kept.size >= this.limits.serviceStreamsMax) this.kept.delete(this.kept.keys().next().value as number);
    this.kept.set(key, provider);
  }
}
