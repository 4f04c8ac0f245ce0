/**
 * @module Inbox: frames of all peers in the order of their arrival, and the promises that wait for them (INET-07, INET-09). A frame goes to
 * exactly one promise. Of several that wait the newest gets it, so that one which was dropped takes nothing from the one that came after
 * it.
 */
import { BoundedQueue, limitReached, NetworkError, type NodeId } from '../../core/index.js';
import type { InboxPolicy, PeeringSetup } from './options.js';

/** A frame as the application gets it. */
export interface ReceivedFrame {
  /** Whose it is. */
  readonly target: number;
  readonly nodeId: NodeId;
  readonly frame: Uint8Array;
}

/** What the inbox keeps: the frame, and who is told that it has left. */
export interface InboxItem {
  readonly received: ReceivedFrame;
  readonly onTaken: () => void;
}

interface Waiter {
  readonly resolve: (frame: ReceivedFrame | undefined) => void;
  readonly reject: (error: NetworkError) => void;
}

/** `next()` calls that may wait at once; further ones are rejected with `LIMIT_EXCEEDED`. */
export const WAITERS_MAX = 1_024;

export class Inbox {
  private readonly items: BoundedQueue<InboxItem>;
  /** Oldest first. */
  private waiters: Waiter[] = [];
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

  get waitingCount(): number {
    return this.waiters.length;
  }

  /** Answers how many frames were dropped for it, itself included. */
  push(item: InboxItem): number {
    const waiter = this.waiters.pop();
    if (waiter !== undefined) {
      waiter.resolve(item.received);
      item.onTaken();
      return 0;
    }
    if (this.items.push(item) === 'queued') return 0;
    const dropped = this.policy === 'drop-oldest' ? this.items.shift() : item;
    if (dropped !== item) this.items.push(item);
    dropped?.onTaken();
    return 1;
  }

  /**
   * The oldest frame, now or when one comes; nothing at the end. Rejects when the signal aborts: then it has taken no frame, and takes
   * none.
   */
  next(signal: AbortSignal | undefined): Promise<ReceivedFrame | undefined> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) throw cancelled(signal);
      const item = this.items.shift();
      if (item !== undefined || this.isClosed) resolve(item?.received);
      if (item !== undefined) return item.onTaken();
      if (this.isClosed) return;
      if (this.waiters.length >= WAITERS_MAX)
        throw limitReached({ limit: 'WAITERS_MAX', current: this.waiters.length, maximum: WAITERS_MAX, scope: 'peering' });
      this.wait({ resolve, reject }, signal);
    });
  }

  /** No frame comes any more: whoever waits gets nothing; what is here can still be read. */
  close(): void {
    this.isClosed = true;
    for (const waiter of this.waiters.splice(0)) waiter.resolve(undefined);
  }

  private wait({ resolve, reject }: Waiter, signal: AbortSignal | undefined): void {
    const abort = () => {
      this.waiters = this.waiters.filter((other) => other !== waiter);
      if (signal !== undefined) reject(cancelled(signal));
    };
    const waiter: Waiter = {
      resolve: (frame) => {
        signal?.removeEventListener('abort', abort);
        resolve(frame);
      },
      reject,
    };
    this.waiters.push(waiter);
    signal?.addEventListener('abort', abort, { once: true });
  }
}

/** How a promise ends whose signal was aborted. */
export function cancelled(signal: AbortSignal): NetworkError {
  return new NetworkError('CALL_CANCELLED', 'cancelled by its signal', { cause: signal.reason });
}
