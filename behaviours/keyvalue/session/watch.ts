/**
 * @module Watch: what changes in a map, for one consumer who iterates over it. What waits for him is bounded by the keys: of each the last change waits,
 * marked as coalesced when it took the place of another one; keys that come and go while he does not look are bounded. It resumes by itself, or ends: then
 * iterating throws the reason.
 */
import type { NetworkError, NodeId } from '../../../core/index.js';
import { BoundedMap } from '../../../core/index.js';
import { Wakers } from '../../../core/structures/wakers.js';
import type { Revision } from '../entries/revision.js';
import type { Superseded } from '../messages.js';
import type { Change, FeedTarget, Follower } from './feed.js';
import type { Feeds } from './feeds.js';
import { keysExcess } from './kept.js';
import type { Values } from './values.js';

/** One key, or all that begin with a prefix. */
export type WatchTarget = { readonly key: string } | { readonly prefix: string };

/** What `watch` of a map takes. */
export interface WatchOptions {
  /** So long it waits for an owner before it ends with `WATCH_LOST`. 60,000 ms by default; 1,000 to 86,400,000. */
  readonly patienceMs?: number;
}

interface Happened {
  readonly key: string;
  readonly revision: Revision;
  readonly source: NodeId;
}

/** A change. Of each key the revisions rise. */
export type WatchEvent<V> =
  | (Happened & {
      readonly type: 'set';
      readonly value: V;
      /** Other changes of this key, before it, were passed over. */
      readonly isCoalesced: boolean;
      /** It was there when the watch began. */
      readonly isInitial: boolean;
    })
  | (Happened & { readonly type: 'delete' /** By its ttl. */; readonly isExpired: boolean; readonly isCoalesced: boolean })
  /** An acknowledged write has lost: `by` stands in its place. */
  | (Happened & { readonly type: 'superseded'; readonly by: Revision });

export interface WatchPlan extends FeedTarget {
  readonly patienceMs: number;
  /** Changes that may wait for the consumer. */
  readonly keysMax: number;
  /** Characters that the view of the map does not show. */
  readonly skip: number;
  /** Whether a key belongs to the view. */
  readonly isOwn: (key: string) => boolean;
}

type Waiting = { readonly type: 'change'; readonly change: Change } | { readonly type: 'loss'; readonly loss: Superseded };

const LOSSES_MAX = 4_096;

export class Watch<V = unknown> implements AsyncIterableIterator<WatchEvent<V>>, Follower {
  readonly patienceMs: number;
  private readonly changes = new Map<string, Change>();
  private readonly losses = new BoundedMap<string, Superseded>(LOSSES_MAX);
  private isEnded = false;
  private reason: NetworkError | undefined;
  private readonly waiters = new Wakers('a watch of keyvalue');

  constructor(
    private readonly feeds: Feeds,
    private readonly plan: WatchPlan,
    private readonly values: Pick<Values<V>, 'valueOf'>,
  ) {
    this.patienceMs = plan.patienceMs;
    feeds.follow(plan, this);
  }

  /** Changes that wait for their consumer: one of a key at most, and 4,096 losses. */
  get waitingCount(): number {
    return this.changes.size + this.losses.size;
  }

  /** The next one. Throws the reason, once, when it has ended by itself, and `LIMIT_EXCEEDED` where 1,024 calls wait. */
  async next(): Promise<IteratorResult<WatchEvent<V>, undefined>> {
    for (;;) {
      const waiting = this.take();
      if (waiting !== undefined) return { done: false, value: await this.eventOf(waiting) };
      if (this.isEnded) return this.ended();
      await new Promise<void>((resolve) => this.waiters.add(resolve));
    }
  }

  async return(): Promise<IteratorResult<WatchEvent<V>, undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends it. Idempotent. */
  close(): void {
    if (this.isEnded) return;
    this.feeds.unfollow(this.plan, this);
    this.changes.clear();
    this.losses.clear();
    this.onEnd(undefined);
  }

  onChange(change: Change): void {
    const { key } = change.entry;
    if (!this.plan.isOwn(key)) return;
    const before = this.changes.get(key);
    if (before === undefined) this.changes.set(key, change);
    else this.changes.set(key, { ...change, isCoalesced: true, isInitial: before.isInitial });
    const excess = keysExcess(this.changes.size, this.plan.keysMax, 'changes that wait in a watch of keyvalue');
    if (excess === undefined) return this.waiters.wake();
    this.feeds.unfollow(this.plan, this);
    this.onEnd(excess);
  }

  onLoss(loss: Superseded): void {
    if (!this.plan.isOwn(loss.key)) return;
    this.losses.set(loss.revision + loss.key, loss);
    this.waiters.wake();
  }

  onEnd(reason: NetworkError | undefined): void {
    this.isEnded = true;
    this.reason ??= reason;
    this.waiters.wake();
  }

  private ended(): IteratorResult<WatchEvent<V>, undefined> {
    const { reason } = this;
    this.reason = undefined;
    if (reason !== undefined) throw reason;
    return { done: true, value: undefined };
  }

  private take(): Waiting | undefined {
    for (const [key, change] of this.changes) {
      this.changes.delete(key);
      return { type: 'change', change };
    }
    const loss = this.losses.takeOldest()?.value;
    return loss === undefined ? undefined : { type: 'loss', loss };
  }

  private async eventOf(waiting: Waiting): Promise<WatchEvent<V>> {
    if (waiting.type === 'loss') {
      const { key, revision, by, source } = waiting.loss;
      return { type: 'superseded', key: this.shown(key), revision, by, source };
    }
    const { entry, isCoalesced, isInitial } = waiting.change;
    const { revision, source, isExpired } = entry;
    const key = this.shown(entry.key);
    if (entry.value === undefined) return { type: 'delete', key, revision, source, isExpired, isCoalesced };
    const value = await this.values.valueOf(entry.value, key);
    return { type: 'set', key, value, revision, source, isCoalesced, isInitial };
  }

  private shown(key: string): string {
    return key.slice(this.plan.skip);
  }
}
