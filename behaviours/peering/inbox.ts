/**
 * @module Inbox: frames of all peers in the order of their arrival, and the promises that wait for them. A frame goes to
 * exactly one promise. Of several that wait the newest gets it, so that an abandoned one takes nothing from its successor.
 */
import { BoundedQueue, type NetworkError, type NodeId } from '../../core/index.js';
import { Waiters } from '../../core/node/waiters.js';
import { cancelled } from '../../core/structures/abort.js';
import type { InboxPolicy, PeeringSetup } from './options.js';

/** A frame as the application gets it. */
export interface ReceivedFrame {
  /** Whose it is. */
  readonly target: number;
  readonly nodeId: NodeId;
  readonly frame: Uint8Array;
}

/** What the inbox keeps: the frame, and what is called when it has left. */
export interface InboxItem {
  readonly received: ReceivedFrame;
  readonly onTaken: () => void;
}

/** `next()` calls that may wait at once; further ones are rejected with `LIMIT_EXCEEDED`. */
export const WAITERS_MAX = 1_024;

export class Inbox {
  private readonly items: BoundedQueue<InboxItem>;
  private readonly waiters = new Waiters<undefined, ReceivedFrame | undefined>({
    limit: 'WAITERS_MAX',
    maximum: WAITERS_MAX,
    scope: 'peering',
  });
  private isClosed = false;

  private readonly policy: InboxPolicy;

  constructor({ inboxPolicy, inboxFrames, peersMax }: Pick<PeeringSetup, 'inboxPolicy' | 'inboxFrames' | 'peersMax'>) {
    this.policy = inboxPolicy;
    const lengthMax = inboxPolicy === 'hold-back' ? inboxFrames * peersMax : inboxFrames;
    this.items = new BoundedQueue({ name: 'peering inbox', policy: 'reject', lengthMax });
  }

  get length(): number {
    return this.items.length;
  }

  get lengthMax(): number {
    return this.items.lengthMax;
  }

  get waitingCount(): number {
    return this.waiters.size;
  }

  /** Returns how many frames were dropped for it, itself included. */
  push(item: InboxItem): number {
    if (this.waiters.settleNewest(item.received)) {
      item.onTaken();
      return 0;
    }
    if (this.items.push(item) === 'queued') return 0;
    const dropped = this.policy === 'drop-oldest' ? this.items.shift() : item;
    if (dropped !== item) this.items.push(item);
    dropped?.onTaken();
    return 1;
  }

  /** The oldest frame, now or when one comes; `undefined` at the end. Once the signal has aborted it, it takes none. */
  async next(signal: AbortSignal | undefined): Promise<ReceivedFrame | undefined> {
    if (signal?.aborted === true) throw cancelled(signal);
    return this.shift() ?? (this.isClosed ? undefined : this.waiters.wait(undefined, signal));
  }

  /** The same without a promise: calls back, perhaps during this call, unless the returned function is called before. */
  take(settle: (received: ReceivedFrame | undefined | NetworkError) => void): (() => void) | undefined {
    const received = this.shift();
    if (received === undefined && !this.isClosed) return this.waiters.add(undefined, settle);
    settle(received);
    return undefined;
  }

  /** No more frames come: waiting calls get `undefined`; frames that are here can still be read. */
  close(): void {
    this.isClosed = true;
    for (const waiter of this.waiters.all) waiter.settle(undefined);
  }

  private shift(): ReceivedFrame | undefined {
    const item = this.items.shift();
    item?.onTaken();
    return item?.received;
  }
}
