/**
 * @module GossipLink: what this node remembers of one connection while it is open: what the remote has been told and what it may ask.
 * It starts anew with every connection (DNDM-40). Pure.
 */

import { type AddressMode, isWithin } from '../../../core/address/address-class.js';
import type { NodeId } from '../../../core/index.js';
import { BitSet } from '../../../core/structures/bit-set.js';
import { TokenBucket } from '../../../core/structures/token-bucket.js';
import type { SignedBytes } from '../book/entry.js';

export const GOSSIP_LINK_LIMITS = {
  /** Records and hints that a remote may tell: at once, and per second. More are not looked at (SECURITY.md row 44). */
  claimsAtOnce: 4_096,
  claimsPerSecond: 32,
  /** Digests and wishes that a remote may send: at once, and per second. */
  questionsAtOnce: 16,
  questionsPerSecond: 1,
  /** Nodes that a remote was given unsigned hints about. */
  hintsMax: 256,
} as const;

export interface GossipLinkFacts {
  readonly connectionId: number;
  readonly nodeId: NodeId;
  /** How near the places may be that the two tell each other of. */
  readonly mode: AddressMode;
  readonly openedMs: number;
}

export class GossipLink {
  /** Slots of the records that the remote has, as far as this side knows. */
  readonly told = new BitSet();
  /** Nodes that it was given hints about. */
  readonly hinted = new Set<NodeId>();
  readonly claims: TokenBucket;
  readonly questions: TokenBucket;
  /** It was given what it lacked: it has had its use of this connection. */
  isServed = false;
  /** This side wants to compare what both have. */
  isSyncWanted = false;
  /** Records that it was the first to tell, and when it did so last. */
  noveltyCount = 0;
  noveltyMs = Number.NEGATIVE_INFINITY;

  constructor(readonly facts: GossipLinkFacts) {
    const { claimsAtOnce, claimsPerSecond, questionsAtOnce, questionsPerSecond } = GOSSIP_LINK_LIMITS;
    this.claims = new TokenBucket(claimsAtOnce, claimsPerSecond, facts.openedMs);
    this.questions = new TokenBucket(questionsAtOnce, questionsPerSecond, facts.openedMs);
  }

  get id(): number {
    return this.facts.connectionId;
  }

  /** Whether the remote may be told of that record, and was not yet. */
  isNews({ slot, reach }: SignedBytes): boolean {
    return !this.told.has(slot) && isWithin(reach, this.facts.mode);
  }
}
