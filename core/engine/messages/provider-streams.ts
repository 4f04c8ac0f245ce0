/**
 * @module ProviderStreams: which provider of a service a message goes to, asked where it begins. The table chooses; this keeps the choice
 * for every stream id but 0, so that the messages of a stream stay together, also when the table is replaced. It forgets the stream
 * that was used longest ago when there are `serviceStreamsMax`.
 */

import type { NodeId } from '../../address/node-id.js';
import type { Limits } from '../../limits.js';
import { BoundedMap } from '../../structures/bounded-map.js';
import { u16Of } from '../../structures/bytes.js';
import type { RouterFacade } from '../router-facade.js';

const STREAM_IDS = 2 ** 32;

export class ProviderStreams {
  /** By sending service, service and stream id, the last used last. */
  private readonly kept: BoundedMap<number, NodeId>;

  constructor(
    limits: Limits,
    private readonly router: RouterFacade,
  ) {
    this.kept = new BoundedMap(limits.serviceStreamsMax);
  }

  get size(): number {
    return this.kept.size;
  }

  /** `undefined`: the table leaves the choice to the relays. */
  choose(fromServiceId: number, serviceId: number, meta: number, streamId: number): NodeId | undefined {
    const { router } = this;
    if (streamId === 0) return router.providerOf(serviceId, meta);
    const key = u16Of(fromServiceId, serviceId) * STREAM_IDS + streamId;
    const before = this.kept.get(key);
    const provider = router.providerOf(serviceId, meta, before);
    if (provider === undefined) this.kept.delete(key);
    else this.kept.set(key, provider);
    return provider;
  }
}
