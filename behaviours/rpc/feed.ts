/**
 * @module Feed: sends what an `@Rpc` generator yields. It asks the generator for an item only when the caller has granted room for it,
 * gives each item the call's whole time, waits while the lane is full, and ends the generator with `return()` when the call ends first.
 * The one loop of the rpc behaviour that awaits: generators are promises.
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
  /** Whether the item was taken; if not, the lane is full. */
  item(index: number, value: unknown): boolean;
  /** Resolves when it is worth a try again, or the call is over. */
  roomLater(): Promise<void>;
  /** The generator has ended, after so many items. */
  ended(ending: FeedEnding, count: number): void;
  /** Its `return()` failed. */
  unreturned(cause: unknown): void;
}

export type Responses = Iterator<unknown> | AsyncIterator<unknown>;

export class Feed {
  /** Holds the item that waits for room in the lane; positions count items. */
  private readonly flow: OutboundFlow<unknown, FeedEnding>;
  private isOver = false;
  private isWaiting = false;
  private wake: () => void = () => {};

  constructor(
    private readonly outlet: FeedOutlet,
    private readonly responses: Responses,
    window: number,
  ) {
    this.flow = new OutboundFlow({ capacity: 1, granted: window });
  }

  /** Items that were sent. */
  get sentCount(): number {
    return this.flow.position;
  }

  /** Runs until the stream or the call ends. Never rejects. */
  async run(): Promise<void> {
    while (await this.mayAsk()) {
      await this.ask();
      await this.send();
    }
  }

  /** A total that the caller has granted; more than the largest window ahead counts as that. An old one is a sign of life. */
  onCredit(total: number): void {
    const result = this.flow.onGrant(Math.min(total, this.sentCount + WINDOW_MAX));
    if (result === 'raised') this.wake();
    else if (this.isWaiting) this.outlet.waiting();
  }

  /** The call is over, and so is the generator. Idempotent. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.wake();
    void this.giveBack();
  }

  private async mayAsk(): Promise<boolean> {
    while (!this.isOver && this.flow.available === 0) {
      this.isWaiting = true;
      this.outlet.waiting();
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.isWaiting = false;
    }
    if (!this.isOver) this.outlet.asking();
    return !this.isOver;
  }

  private async ask(): Promise<void> {
    try {
      const { done, value } = await this.responses.next();
      if (done === true) this.flow.finish({ type: 'end' });
      else this.flow.push(value);
    } catch (cause) {
      this.flow.finish({ type: 'error', cause });
    }
  }

  private async send(): Promise<void> {
    for (let next = this.flow.next; next !== undefined && !this.isOver; next = this.flow.next) {
      if (this.outlet.item(this.sentCount, next.item)) this.flow.sent();
      else await this.outlet.roomLater();
    }
    const ending = this.flow.endingDue;
    if (ending === undefined || this.isOver) return;
    this.isOver = true;
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

/** The stream of responses that a method returned, or `undefined` for any other value. Arrays, texts and maps are values. */
export function responsesOf(returned: unknown): Responses | undefined {
  if (typeof returned !== 'object' || returned === null) return undefined;
  const { [Symbol.asyncIterator]: asyncIterator, [Symbol.iterator]: iterator } = returned as Partial<
    AsyncIterable<unknown> & Iterable<unknown>
  >;
  if (typeof asyncIterator === 'function') return asyncIterator.call(returned);
  const isGenerator = typeof iterator === 'function' && typeof (returned as Partial<Iterator<unknown>>).next === 'function';
  return isGenerator ? iterator.call(returned) : undefined;
}
