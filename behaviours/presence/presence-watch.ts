/**
 * @module PresenceWatch: the comings and goings of one tag, for one consumer who iterates over it. What waits for him is bounded: of each node the last
 * change, which makes up for those before it.
 */
import type { NodeId } from '../../core/index.js';
import { Wakers } from '../../core/structures/wakers.js';
import type { PresenceEvent } from './carrier.js';
import type { Follower } from './followed-tag.js';

export class PresenceWatch implements AsyncIterableIterator<PresenceEvent>, Follower {
  private readonly waiting = new Map<NodeId, PresenceEvent>();
  private isEnded = false;
  private readonly waiters = new Wakers('a watch of presence');

  constructor(private readonly ended: (watch: PresenceWatch) => void) {}

  /** Changes that wait for their consumer. */
  get waitingCount(): number {
    return this.waiting.size;
  }

  /** The next one. Throws `LIMIT_EXCEEDED` where 1,024 calls wait. */
  async next(): Promise<IteratorResult<PresenceEvent, undefined>> {
    for (;;) {
      for (const [nodeId, event] of this.waiting) {
        this.waiting.delete(nodeId);
        return { done: false, value: event };
      }
      if (this.isEnded) return { done: true, value: undefined };
      await new Promise<void>((resolve) => this.waiters.add(resolve));
    }
  }

  async return(): Promise<IteratorResult<PresenceEvent, undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends it. Idempotent. */
  close(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.waiting.clear();
    this.ended(this);
    this.waiters.wake();
  }

  onPresence(event: PresenceEvent): void {
    this.waiting.delete(event.nodeId);
    this.waiting.set(event.nodeId, event);
    this.waiters.wake();
  }
}
