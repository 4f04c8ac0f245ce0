/**
 * @module GossipLink: what this node keeps of one connection while it is open: which records the remote has, and what it may still ask.
 * It starts anew with every connection. Pure.
 */

import { type AddressMode, isWithin } from '../../../core/address/address-class.js';
import type { Connection, NodeId } from '../../../core/index.js';
import { BitSet } from '../../../core/structures/bit-set.js';
import { TokenBucket } from '../../../core/structures/token-bucket.js';
import type { Entry, SignedBytes } from '../book/entry.js';

export const GOSSIP_LINK_LIMITS = {
  /** Digests and wishes that a remote may send: at once, and per second. */
  questionsAtOnce: 16,
  questionsPerSecond: 1,
  /** Nodes that a remote was given unsigned hints about. */
  hintsMax: 256,
} as const;

export interface GossipLinkFacts extends Pick<Connection, 'nodeId' | 'remoteAddress'> {
  readonly connectionId: number;
  /** How near the addresses may be that the two exchange. */
  readonly mode: AddressMode;
  readonly openedMs: number;
}

export class GossipLink {
  /** Slots of the records that the remote has, as far as this side knows. */
  readonly known = new BitSet();
  /** Nodes that it was given hints about. */
  readonly hinted = new Set<NodeId>();
  readonly questions: TokenBucket;
  /** It has sent a forged record: nothing of it is looked at any more. */
  isForger = false;
  /** It was given what it lacked: it has had its use of this connection. */
  isServed = false;
  /** This side wants to compare what both have. */
  isSyncWanted = false;
  /** It was sent the record of itself that is newer than the one which it has sent. */
  isCorrected = false;
  /** Records that it was the first to send, and when it did so last. */
  noveltyCount = 0;
  noveltyMs = Number.NEGATIVE_INFINITY;

  constructor(readonly facts: GossipLinkFacts) {
    const { questionsAtOnce, questionsPerSecond } = GOSSIP_LINK_LIMITS;
    this.questions = new TokenBucket(questionsAtOnce, questionsPerSecond, facts.openedMs);
  }

  get id(): number {
    return this.facts.connectionId;
  }

  /** Whether the remote was sent that node, or is known to have it. */
  has({ record, nodeId }: Entry): boolean {
    return record === undefined ? this.hinted.has(nodeId) : this.known.has(record.slot);
  }

  share({ record, nodeId }: Entry): void {
    if (record !== undefined) this.known.add(record.slot);
    else if (this.hinted.size < GOSSIP_LINK_LIMITS.hintsMax) this.hinted.add(nodeId);
  }

  /** Whether the remote may be sent that record, and does not have it. */
  isNews({ slot, reach }: SignedBytes): boolean {
    return !this.known.has(slot) && isWithin(reach, this.facts.mode);
  }
}
