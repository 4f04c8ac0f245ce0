/**
 * @module Pruning: the connection policy of the address book: puts together what the engine and the gossip know of each connection, for
 * `eviction.ts` to choose. A policy of the application is asked before. Pure.
 */

import type { GroupOf } from '../../../core/address/address-group.js';
import type { PolicyCandidate } from '../../../core/index.js';
import type { Gossip } from '../gossip/gossip.js';
import { type Evictable, victimOf } from './eviction.js';
import type { Protected } from './protected.js';

export class Pruning {
  constructor(
    private readonly gossip: Gossip,
    private readonly protectedNodes: Protected,
    private readonly groupOf: GroupOf,
  ) {}

  /** The open connection that makes room, if one does. */
  victim(open: readonly PolicyCandidate[], newcomer: PolicyCandidate, nowMs: number): number | undefined {
    const candidates = open.map((candidate) => this.evictable(candidate));
    return victimOf(candidates, { group: this.groupOf(newcomer.remoteAddress) }, nowMs);
  }

  private evictable(candidate: PolicyCandidate): Evictable {
    const link = this.gossip.link(candidate.connectionId);
    return {
      ...candidate,
      isHeld: candidate.isHeld || this.protectedNodes.has(candidate.nodeId),
      group: this.groupOf(candidate.remoteAddress),
      noveltyMs: link?.noveltyMs ?? Number.NEGATIVE_INFINITY,
      isServed: link?.isServed ?? true,
    };
  }
}
