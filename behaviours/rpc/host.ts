/**
 * @module RpcHost: what the parts of the rpc behaviour need from it. `act` is a callback of it at any time; deadlines are kept by
 * the parts, in a `PendingTable` each, and the behaviour wakes them when one falls due.
 */
import type { BehaviorAgent, Logger } from '../../core/index.js';
import type { RpcCounters, RpcSettings } from './options.js';
import type { Parties } from './parties.js';

export interface RpcHost {
  readonly parties: Parties;
  readonly settings: RpcSettings;
  readonly counters: RpcCounters;
  readonly log: Logger;
  /** Runs work as a callback of the behaviour, at once; not at all when the behaviour or the node has ended. */
  act(work: (agent: BehaviorAgent) => void): void;
  /** The parts want to be woken at this time, or before. */
  wakeAt(agent: BehaviorAgent, dueMs: number): void;
}
