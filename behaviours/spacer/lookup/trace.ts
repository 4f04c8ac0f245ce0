/**
 * @module Trace: what a lookup did, as a value: whom it asked, over which nodes, when, and what came of it.
 */
import type { NodeId } from '../../../core/index.js';

/** What became of a question. `slow`: nobody waited for it any more when the lookup ended. */
export type StepOutcome = 'answered' | 'silent' | 'unreachable' | 'busy' | 'unproven' | 'malformed' | 'slow';

export type FailedOutcome = Exclude<StepOutcome, 'answered' | 'slow'>;

/** One question of a lookup. */
export interface LookupStep {
  readonly nodeId: NodeId;
  /** The nodes that passed the question on, the first of them a neighbour; none for a neighbour itself. */
  readonly via: readonly NodeId[];
  /** Of disjoint paths, which; 0 is the first. */
  readonly path: number;
  /** Since the lookup began. */
  readonly askedMs: number;
  readonly tookMs: number;
  readonly outcome: StepOutcome;
  /** Nodes that the answer named, and how many of them are closer to the key than the node itself. */
  readonly named: number;
  readonly closer: number;
}

/** How a lookup ended: `done`, or why it was refused, or that nobody wanted it any more. */
export type LookupEnd = 'done' | 'empty-table' | 'all-silent' | 'deadline' | 'cancelled';

/** What a lookup did. */
export interface LookupTrace {
  readonly key: NodeId;
  /** `table`: the router table knows all nodes, nobody was asked. */
  readonly source: 'table' | 'lookup';
  readonly end: LookupEnd | 'running';
  readonly tookMs: number;
  /** Questions that were sent. */
  readonly queries: number;
  /** Links from this node to the closest one that answered: 1 for a neighbour. */
  readonly depth: number;
  readonly steps: readonly LookupStep[];
}
