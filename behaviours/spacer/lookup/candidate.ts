/**
 * @module Candidate: a node that a path of a lookup may ask, and the question to it. Pure.
 */
import type { Address, NodeId } from '../../../core/index.js';
import { prefixOf } from '../table/contact.js';
import type { StepOutcome } from './trace.js';

/** `elsewhere`: another path asks it. `out-of-reach`: the chain of nodes to it would be too long. */
export type CandidateState = 'new' | 'asked' | 'slow' | 'answered' | 'failed' | 'elsewhere' | 'out-of-reach';

/** How far those whom a node has named have answered. */
export interface Namer {
  readonly nodeId: NodeId;
  answered: number;
  failed: number;
}

export class Candidate {
  readonly prefix: number;
  state: CandidateState = 'new';
  addresses: readonly Address[];
  /** A second chain to it, by another node that has named it. */
  spare: readonly NodeId[] | undefined = undefined;
  readonly namers: Namer[] = [];

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

  /** All who have named it have named nodes that do not answer, again and again. */
  get isDoubtful(): boolean {
    return this.namers.length > 0 && this.namers.every(({ answered, failed }) => failed >= 4 && failed > 2 * answered);
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
