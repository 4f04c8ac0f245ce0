/**
 * @module Candidate: a node that a path of a lookup may ask, and the question to it. Pure.
 */
import type { Address, NodeId } from '../../../core/index.js';
import { prefixOf } from '../table/contact.js';
import type { StepOutcome } from './trace.js';

/** `elsewhere`: another path asks it. `out-of-reach`: the chain of nodes to it would be too long. */
export type CandidateState = 'new' | 'asked' | 'slow' | 'answered' | 'failed' | 'elsewhere' | 'out-of-reach';

/** What came of the questions over a node to those whom it has named. */
export interface Namer {
  readonly nodeId: NodeId;
  /** So many may be without an answer, and two more for each that has answered. */
  readonly room: number;
  answered: number;
  /** Under way, slow, or failed. */
  unanswered: number;
}

export class Candidate {
  readonly prefix: number;
  state: CandidateState = 'new';
  addresses: readonly Address[];
  /** A second chain to it, by another node that has named it. */
  spare: readonly NodeId[] | undefined = undefined;
  readonly namers: Namer[] = [];
  /** Those of them with whom its question counts. */
  private readonly counting: Namer[] = [];

  constructor(
    readonly nodeId: NodeId,
    /** The nodes that pass a question on to it, the first a neighbour. */
    public chain: readonly NodeId[],
    addresses: readonly Address[],
  ) {
    this.prefix = prefixOf(nodeId);
    this.addresses = addresses;
  }

  /** Links from this node to it. */
  get hops(): number {
    return this.chain.length + 1;
  }

  /** All who have named it have named as many before it that did not answer yet as they may. Who has a link is proven. */
  get isDoubtful(): boolean {
    if (this.chain.length === 0) return false;
    return this.namers.every(({ room, answered, unanswered }) => unanswered >= room + 2 * answered);
  }

  /** It is asked; over others, that counts with all who have named it. */
  asked(): void {
    this.state = 'asked';
    if (this.chain.length === 0) return;
    for (const namer of this.namers) {
      if (this.counting.includes(namer)) continue;
      this.counting.push(namer);
      namer.unanswered++;
    }
  }

  answered(): void {
    this.state = 'answered';
    for (const namer of this.counting) namer.unanswered--;
    for (const namer of this.namers) namer.answered++;
  }
}

/** A question under way. */
export interface Query {
  readonly candidate: Candidate;
  readonly pathIndex: number;
  readonly chain: readonly NodeId[];
  readonly sentMs: number;
  /** From then on one more is asked beside it. */
  slowMs: number;
  /** From then on its node counts as silent. */
  giveUpMs: number;
  /** Until then an answer counts, if the lookup goes on. */
  lateMs: number;
  outcome: StepOutcome | undefined;
  endedMs: number;
  named: number;
  closer: number;
}
