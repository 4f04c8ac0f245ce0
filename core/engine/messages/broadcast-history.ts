/**
 * @module BroadcastHistory: which `services` broadcasts were seen, so that a copy that comes around again is dropped. Per routed
 * service it holds `servicesHistoryMs` and `servicesHistoryMax` entries, the oldest going first. Sequences of this node start at random.
 */

import type { NodeId } from '../../address/node-id.js';
import type { EngineContext } from '../context.js';

export class BroadcastHistory {
  /** Per routed service: source and sequence, with the time it was seen, oldest first. */
  private readonly seen = new Map<number, Map<string, number>>();
  private readonly sequences = new Map<number, number>();

  constructor(private readonly context: EngineContext) {}

  nextSequence(serviceId: number): number {
    const last = this.sequences.get(serviceId) ?? Math.floor(this.context.options.random.float() * 0x100000000);
    const next = (last + 1) >>> 0;
    this.sequences.set(serviceId, next);
    return next;
  }

  /** Whether this broadcast is seen for the first time; from then on it is not. */
  isNew(source: NodeId, serviceId: number, sequence: number): boolean {
    const seen = this.seen.get(serviceId) ?? new Map<string, number>();
    this.seen.set(serviceId, seen);
    this.keep(seen, this.context.limits.servicesHistoryMax);
    const key = `${source}${sequence}`;
    if (seen.has(key)) return false;
    this.keep(seen, this.context.limits.servicesHistoryMax - 1);
    seen.set(key, this.context.nowMs);
    return true;
  }

  /** Keeps what is young enough, and so many at most. */
  private keep(seen: Map<string, number>, countMax: number): void {
    const { nowMs, limits } = this.context;
    for (const [key, time] of seen) {
      if (time > nowMs - limits.servicesHistoryMs && seen.size <= countMax) return;
      seen.delete(key);
    }
  }
}
