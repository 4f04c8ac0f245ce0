/**
 * @module Jobs: the messages of a subscription that confirms, until its consumer takes them. In a group, a message is confirmed when its consumer has
 * done with it: when `onMessage` has returned, or the promise that it returned is fulfilled; when the next message is asked for; or by
 * `message.confirm()`. Else it is handed back. Bounded by what publishers may hand out; where the subscription gets everything, they wait for room.
 */
import { limitReached } from '../../../../core/index.js';
import type { TopicMessage } from '../topic-message.js';

/** Calls of `next` that may wait. */
const READERS_MAX = 1_024;

export interface Job {
  readonly message: TopicMessage;
  readonly byteCount: number;
  confirm(): void;
  refuse(): void;
}

type Reader = (job: Job | undefined) => void;

export class Jobs {
  private readonly waiting: Job[] = [];
  private readonly readers: Reader[] = [];
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
    const reader = this.readers.shift();
    if (reader !== undefined) return reader(job);
    this.waiting.push(job);
    this.byteCount += job.byteCount;
  }

  /** Calls back when no more wait than may; perhaps at once. */
  whenRoom(callback: () => void): void {
    if (this.waiting.length <= this.waitingMax) callback();
    else this.roomWaiters.push(callback);
  }

  /** Iterations share the messages; each confirms its own. */
  iterator(): AsyncIterator<TopicMessage, undefined> {
    let current: Job | undefined;
    const next = async (): Promise<IteratorResult<TopicMessage, undefined>> => {
      current?.confirm();
      current = undefined;
      const job = await this.take();
      current = job;
      return job === undefined ? { done: true, value: undefined } : { done: false, value: job.message };
    };
    const leave = async (): Promise<IteratorResult<TopicMessage, undefined>> => {
      current?.refuse();
      current = undefined;
      return { done: true, value: undefined };
    };
    return { next, return: leave };
  }

  /** What waits is handed back. */
  end(): void {
    this.hasEnded = true;
    for (const job of this.waiting.splice(0)) job.refuse();
    this.byteCount = 0;
    this.roomWaiters.length = 0;
    for (const reader of this.readers.splice(0)) reader(undefined);
  }

  private take(): Promise<Job | undefined> {
    const job = this.waiting.shift();
    if (job !== undefined) {
      this.byteCount -= job.byteCount;
      if (this.waiting.length <= this.waitingMax) for (const callback of this.roomWaiters.splice(0)) callback();
      return Promise.resolve(job);
    }
    if (this.hasEnded) return Promise.resolve(undefined);
    const { length } = this.readers;
    if (length < READERS_MAX) return new Promise((resolve) => this.readers.push(resolve));
    return Promise.reject(limitReached({ limit: 'READERS_MAX', current: length, maximum: READERS_MAX, scope: 'pubsub' }));
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
