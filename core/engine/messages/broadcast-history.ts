/**
 * @module BroadcastHistory: which `services` broadcasts were seen, so that a copy that comes around again is dropped. One history over all
 * services, as remotes name what they like; it empties by time, also when no broadcast comes any more. Sequences of this node start at random.
 */

import type { NodeId } from '../../address/node-id.js';
import { SeenSet } from '../../structures/seen-set.js';
import type { HeaderView } from '../../wire/message.js';
import type { EngineContext } from '../context.js';

export class BroadcastHistory {
  private readonly seen: SeenSet;
  private isExpiryDue = false;
  private readonly sequences = new Map<number, number>();

  constructor(private readonly context: EngineContext) {
    const { servicesHistoryMax, servicesHistoryMs } = context.limits;
    this.seen = new SeenSet({ countMax: servicesHistoryMax, ageMaxMs: servicesHistoryMs });
  }

  get size(): number {
    return this.seen.size;
  }

  nextSequence(serviceId: number): number {
    const last = this.sequences.get(serviceId) ?? Math.floor(this.context.options.random.float() * 0x100000000);
    const next = (last + 1) >>> 0;
    this.sequences.set(serviceId, next);
    return next;
  }

  has(source: NodeId, view: HeaderView): boolean {
    return this.seen.has(keyOf(source, view), this.context.nowMs);
  }

  add(source: NodeId, view: HeaderView): void {
    this.seen.add(keyOf(source, view), this.context.nowMs);
    if (!this.isExpiryDue) this.expireLater();
  }

  private expireLater(): void {
    this.isExpiryDue = this.seen.size > 0;
    if (this.isExpiryDue) this.context.deadlines.add(() => this.expire(), this.seen.nextDueMs);
  }

  private expire(): void {
    this.seen.expire(this.context.nowMs);
    this.expireLater();
  }
}

function keyOf(source: NodeId, { routedServiceId, sequence }: HeaderView): string {
  return `${source}${routedServiceId} ${sequence}`;
}
