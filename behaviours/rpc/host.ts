/** @module RpcHost: what the calls of both directions need of the rpc behaviour. */
import type { BehaviorAgent, Limits, Logger } from '../../core/index.js';
import type { RpcCounters } from './options.js';

export interface RpcHost {
  readonly counters: RpcCounters;
  readonly log: Logger;
  /** Of the node. */
  readonly limits: Limits | undefined;
  /** Runs work as a callback of the behaviour, at once; not at all when the behaviour or the node has ended. */
  act(work: (agent: BehaviorAgent) => void): void;
  /** A deadline may have come closer. */
  wake(agent: BehaviorAgent): void;
  /** An own call got its answer, so long after its request. */
  answered(latencyMs: number): void;
  /** A call has ended, of this node or of another. */
  ended(): void;
}
