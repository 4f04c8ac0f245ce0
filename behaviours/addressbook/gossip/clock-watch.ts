/**
 * @module ClockWatch: what the clocks on the wall of neighbours show, compared for the log alone: nothing is decided by it. One line when one of
 * them differs, one when none does any more.
 */
import { type BehaviorAgent, type NodeId, shortId } from '../../../core/index.js';
import { Conditions } from '../../../core/structures/conditions.js';

/** Two clocks may differ by so much. A handshake takes less. */
const TOLERANCE_MS = 30_000;
/** A neighbour decides what it says: no more lines than that. */
const QUIET_MS = 600_000;

interface Difference {
  readonly peer: string;
  readonly ours: string;
  readonly theirs: string;
}

export class ClockWatch {
  /** Open connections to neighbours whose clocks differ, with how far this one is ahead. */
  private readonly differing = new Map<number, number>();
  private readonly conditions = new Conditions<BehaviorAgent, 'clock', Difference>({
    afterMs: 0,
    quietMs: QUIET_MS,
    sizeMax: 1,
    onLasting: ({ log }, _, { facts }) => log.warn(facts, 'the clock of this node and that of a neighbour differ'),
    onOver: ({ log }) => log.warn({}, 'the clocks of this node and of its neighbours agree again'),
  });

  /** A connection has opened; the clock there showed `theirMs` when this one showed `ourMs`. */
  opened(agent: BehaviorAgent, connectionId: number, nodeId: NodeId, { ourMs, theirMs }: { ourMs: number; theirMs: number }): void {
    if (Math.abs(ourMs - theirMs) <= TOLERANCE_MS) return;
    this.differing.set(connectionId, ourMs - theirMs);
    this.conditions.begin(agent, 'clock', { peer: shortId(nodeId), ours: textOf(ourMs), theirs: textOf(theirMs) });
  }

  /** Neighbours whose clocks differ. */
  get count(): number {
    return this.differing.size;
  }

  /** How far this clock is ahead of the one from which it differs most; below 0 where it is behind; 0 where none differs. */
  get largestMs(): number {
    let largestMs = 0;
    for (const differenceMs of this.differing.values()) if (Math.abs(differenceMs) > Math.abs(largestMs)) largestMs = differenceMs;
    return largestMs;
  }

  closed(agent: BehaviorAgent, connectionId: number): void {
    if (this.differing.delete(connectionId) && this.differing.size === 0) this.conditions.end(agent, 'clock');
  }
}

function textOf(wallMs: number): string {
  const date = new Date(wallMs);
  return Number.isNaN(date.getTime()) ? String(wallMs) : date.toISOString();
}
