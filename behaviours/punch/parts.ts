/**
 * @module PunchParts: what helping, attempts and observing have in common.
 */
import type { BehaviorAgent, Connection, NodeView, Signer, Timeline } from '../../core/index.js';
import type { PunchCounters, PunchSettings } from './options.js';

export interface PunchParts {
  readonly settings: PunchSettings;
  readonly counters: PunchCounters;
  readonly signer: Signer;
  readonly view: NodeView;
  readonly timeline: Timeline<BehaviorAgent>;
  /** Whether that neighbour has this service. */
  readonly canPunch: (connection: Connection) => boolean;
}
