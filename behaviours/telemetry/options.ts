/**
 * @module Options of telemetry, its bounds, and what it counts.
 */
import type { BehaviorLimits, NodeId } from '../../core/index.js';
import { callable, fallback, optional, options, optionsReader, text, whole } from '../../core/schema/index.js';

/** Options of `TelemetryBehavior`. */
export interface TelemetryOptions {
  /** How this node is called in pictures, of at most 64 characters; its short id by default. */
  readonly label?: string;
  /**
   * Whether a node may see what this one does. Absent: every member of the space may. `isVerified`: the id is proven, because the node is a
   * neighbour; behind relays it is a claim.
   */
  readonly authorize?: (nodeId: NodeId, isVerified: boolean) => boolean;
  /** Watches of others that this node reports to at once. 16 by default, 0 for none. */
  readonly watchersMax?: number;
  /** Watches of this node at once. 16 by default. */
  readonly watchesMax?: number;
  /** Nodes that one watch of this node follows. 2,048 by default. */
  readonly nodesMax?: number;
}

export interface TelemetrySettings {
  readonly label: string | undefined;
  readonly authorize: ((nodeId: NodeId, isVerified: boolean) => boolean) | undefined;
  readonly watchersMax: number;
  readonly watchesMax: number;
  readonly nodesMax: number;
}

const OPTIONS = options({
  label: optional(text(64, { min: 1 })),
  authorize: optional(callable<(nodeId: NodeId, isVerified: boolean) => boolean>()),
  watchersMax: fallback(whole(0, 1_024), 16),
  watchesMax: fallback(whole(0, 1_024), 16),
  nodesMax: fallback(whole(1, 65_536), 2_048),
});

/** Throws `OPTION_INVALID`, naming the options. */
export const readTelemetryOptions: (given: unknown) => TelemetrySettings = optionsReader('telemetry', OPTIONS);

/** What `node.limits()` shows. */
export function limitsOf({ watchersMax, watchesMax, nodesMax }: TelemetrySettings): BehaviorLimits {
  return {
    watchersMax: { value: watchersMax, unit: 'count', atTheBound: 'further ones are refused as `too-many`' },
    watchesMax: { value: watchesMax, unit: 'count', atTheBound: '`watch` throws `LIMIT_EXCEEDED`' },
    nodesMax: { value: nodesMax, unit: 'count', atTheBound: 'further nodes are not followed' },
  };
}

/** What has happened since the start. Only ever rises. */
export class TelemetryCounters {
  asksSent = 0;
  asksReceived = 0;
  asksRefused = 0;
  reportsSent = 0;
  reportsReceived = 0;
  /** Reports that go on from one that did not arrive. */
  reportsMissed = 0;
  /** Reports that found no room on the link, or no route. */
  reportsUnsent = 0;
  /** Nodes that a watch did not follow, because it had too many. */
  nodesIgnored = 0;
  malformed = 0;
}
