/**
 * @module Feed: sends what an `@Rpc` generator yields. It asks the generator for an item only when the caller has granted room for it,
 * gives each item the call's whole time, waits while the lane is full, and ends the generator with `return()` when the call ends first.
 * One that may be resumed keeps what its reader has not confirmed, also its end, and goes on at the item that the reader asks for.
 * Generators are promises: this is the loop of the rpc behaviour that awaits them.
 */
import { OutboundFlow } from '../../core/index.js';
import { WINDOW_MAX } from './messages.js';

/** How a stream of responses ends: by itself, or because its generator threw. */
export type FeedEnding = { readonly type: 'end' } | { readonly type: 'error'; readonly cause: unknown };

/** What a feed needs from its call. Every method ends the feed (`end`) when the call is over with it. */
export interface FeedOutlet {
  /** The generator is asked for an item: its time begins. */
  asking(): void;
  /** The caller has granted no room: its time begins. */
  waiting(): void;
  /** The item in the form that is sent; what it throws is as if the generator had. */
  checked(item: unknown): unknown;
  /** Whether the item was taken; if not, the lane is full. */
  item(index: number, value: unknown): boolean;
  /** Resolves when it is worth a try again, or the call is over. */
  roomLater(): Promise<void>;
  /** The generator has ended, after so many items. May come again when the reader resumes. */
  ended(ending: FeedEnding, count: number): void;
  /** Its `return()` failed. */
  unreturned(cause: unknown): void;
}

export type Responses = Iterator<unknown> | AsyncIterator<unknown>;

export class Feed {
  /** Holds the item that waits for room in the lane, and what is not confirmed; positions count items. */
  private readonly flow: OutboundFlow<unknown, FeedEnding>;
  private isOver = false;
  /** The generator has ended. */
  private isFinished = false;
  /** Its reader has no connection: nothing is sent. */
  private isDetached = false;
  private isWaiting = false;
  private isAsking = false;
  private wake: () => void = () => {};

  constructor(
    private readonly outlet: FeedOutlet,
    private readonly responses: Responses,
    private readonly window: number,
    private readonly isResumable = false,
  ) {
    this.flow = new OutboundFlow({ capacity: isResumable ? window + 1 : 1, granted: window, keepsSent: isResumable });
  }

  /** Items that were sent. */
  get sentCount(): number {
    return this.flow.position;
  }

  /** The end was sent: only its confirmation is missing. */
  get isSent(): boolean {
    return this.isFinished && this.flow.endingDue === undefined;
  }

  /** Runs until the stream or the call ends. Never rejects. */
  async run(): Promise<void> {
    while (!this.isOver) {
      if (this.isDetached || (this.isFinished && this.flow.next === undefined && this.flow.endingDue === undefined)) await this.sleep();
      else if (this.flow.next !== undefined) await this.send(this.flow.next.item);
      else if (this.flow.endingDue !== undefined) this.sendEnding(this.flow.endingDue);
      else if (this.flow.available === 0) await this.wait();
      else await this.ask();
    }
  }

  /** A total that the caller has granted; more than the largest window ahead counts as that. An old one is a sign of life. */
  onCredit(total: number): void {
    const result = this.flow.onGrant(Math.min(total, this.sentCount + WINDOW_MAX));
    if (this.isResumable) this.flow.confirm(Math.min(total - this.window, this.sentCount));
    if (result === 'raised') this.wake();
    else if (this.isWaiting) this.outlet.waiting();
  }

  /** The connection to the reader has ended. Whether it may come back. */
  detach(): boolean {
    if (this.isResumable && !this.isOver) this.isDetached = true;
    return this.isDetached;
  }

  /** The reader wants the items from `next` on. Whether they are there still. */
  resume(next: number, granted: number): boolean {
    const isThere = this.isResumable && !this.isOver && this.flow.resume(next, Math.min(granted, next + WINDOW_MAX)) !== undefined;
    if (!isThere) return false;
    this.isDetached = false;
    if (this.isAsking) this.outlet.asking();
    else this.outlet.waiting();
    this.wake();
    return true;
  }

  /** The call is over, and so is the generator. Idempotent. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.wake();
    if (!this.isFinished) void this.giveBack();
  }

  private sleep(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }

  private async wait(): Promise<void> {
    this.isWaiting = true;
    this.outlet.waiting();
    await this.sleep();
    this.isWaiting = false;
  }

  private async ask(): Promise<void> {
    this.isAsking = true;
    this.outlet.asking();
    try {
      const { done, value } = await this.responses.next();
      if (done === true) this.finish({ type: 'end' });
      else this.flow.push(await this.outlet.checked(value));
    } catch (cause) {
      this.finish({ type: 'error', cause });
    }
    this.isAsking = false;
  }

  private finish(ending: FeedEnding): void {
    this.isFinished = true;
    this.flow.finish(ending);
  }

  private async send(item: unknown): Promise<void> {
    if (this.outlet.item(this.sentCount, item)) this.flow.sent();
    else await this.outlet.roomLater();
  }

  private sendEnding(ending: FeedEnding): void {
    this.isOver = !this.isResumable;
    this.flow.endingSent();
    this.outlet.ended(ending, this.sentCount);
  }

  /** A generator that never comes back from its current `next()` is not reached; for that it has its signal. */
  private async giveBack(): Promise<void> {
    try {
      await this.responses.return?.();
    } catch (cause) {
      this.outlet.unreturned(cause);
    }
  }
}

/**
 * The stream of responses that a method returned, or `undefined` for any other value. Arrays, texts, maps and web
 * streams are values.
 */
export function responsesOf(returned: unknown): Responses | undefined {
  if (typeof returned !== 'object' || returned === null || 'getReader' in returned) return undefined;
  const { [Symbol.asyncIterator]: asyncIterator, [Symbol.iterator]: iterator } = returned as Partial<
    AsyncIterable<unknown> & Iterable<unknown>
  >;
  if (typeof asyncIterator === 'function') return asyncIterator.call(returned);
  const isGenerator = typeof iterator === 'function' && typeof (returned as Partial<Iterator<unknown>>).next === 'function';
  return isGenerator ? iterator.call(returned) : undefined;
}
