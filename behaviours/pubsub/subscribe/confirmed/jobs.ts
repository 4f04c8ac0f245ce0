/**
 * @module Jobs: the messages of a subscription that confirms, until its consumer takes them. In a group, a message is confirmed when its consumer has
 * done with it: when `onMessage` has returned, or the promise that it returned is fulfilled; when the next message is asked for; or by
 * `message.confirm()`. Else it is handed back. Bounded by what publishers may hand out; where the subscription gets everything, they wait for room.
 */
import type { NetworkError } from '../../../../core/index.js';
import { type Items, itemsOf, resultOf, type SettleItem } from '../../../../core/node/items.js';
import { Waiters } from '../../../../core/node/waiters.js';
import type { TopicMessage } from '../topic-message.js';

/** Iterations of one subscription that may wait. */
export const READERS = { limit: 'READERS_MAX', maximum: 1_024, scope: 'pubsub' };

export interface Job {
  readonly message: TopicMessage;
  readonly byteCount: number;
  confirm(): void;
  refuse(): void;
}

export class Jobs {
  private readonly waiting: Job[] = [];
  private readonly readers = new Waiters<undefined, Job | undefined>(READERS);
  private readonly roomWaiters: (() => void)[] = [];
  private byteCount = 0;
  private hasEnded = false;

  constructor(
    private readonly waitingMax: number,
    private readonly onMessage: ((message: TopicMessage) => unknown) | undefined,
    /** What the application threw. */
    private readonly failed: (err: unknown) => void,
  ) {}

  get length(): number {
    return this.waiting.length;
  }

  get bytes(): number {
    return this.byteCount;
  }

  push(job: Job): void {
    if (this.hasEnded) return job.refuse();
    if (this.onMessage !== undefined) return this.run(job, this.onMessage);
    if (this.readers.settleOldest(job)) return;
    this.waiting.push(job);
    this.byteCount += job.byteCount;
  }

  /** Calls back when no more wait than may; perhaps at once. */
  whenRoom(callback: () => void): void {
    if (this.waiting.length <= this.waitingMax) callback();
    else this.roomWaiters.push(callback);
  }

  /** Iterations share the messages; each confirms its own. */
  iterator(): Items<TopicMessage> {
    let current: Job | undefined;
    const take = (settle: SettleItem<TopicMessage>) => {
      current?.confirm();
      current = undefined;
      return this.take((job) => {
        current = job;
        settle(resultOf(job?.message));
      });
    };
    return itemsOf({ take, leave: () => current?.refuse() });
  }

  /** What waits is handed back. */
  end(): void {
    this.hasEnded = true;
    for (const job of this.waiting.splice(0)) job.refuse();
    this.byteCount = 0;
    this.roomWaiters.length = 0;
    for (const reader of this.readers.all) reader.settle(undefined);
  }

  private take(settle: (job: Job | undefined) => void): (() => void) | undefined {
    const job = this.waiting.shift();
    if (job === undefined && !this.hasEnded) return this.readers.add(undefined, settle as (job: Job | NetworkError | undefined) => void);
    if (job !== undefined) {
      this.byteCount -= job.byteCount;
      if (this.waiting.length <= this.waitingMax) for (const callback of this.roomWaiters.splice(0)) callback();
    }
    settle(job);
    return undefined;
  }

  private run(job: Job, onMessage: (message: TopicMessage) => unknown): void {
    const refuse = (err: unknown) => {
      this.failed(err);
      job.refuse();
    };
    try {
      const result = onMessage(job.message);
      if (typeof (result as { readonly then?: unknown } | undefined)?.then !== 'function') return job.confirm();
      (result as PromiseLike<unknown>).then(() => job.confirm(), refuse);
    } catch (err) {
      refuse(err);
    }
  }
}
