/**
 * @module PeerNotifications: what happened to peers. Without a subscriber the notifications wait, the oldest giving way, and the
 * first subscriber gets them.
 */
import { BoundedQueue, type NodeId } from '../../../core/index.js';
import { Callbacks, type FailedOne } from '../../../core/structures/callbacks.js';

export type PeerNotification =
  | { readonly type: 'connected'; readonly nodeId: NodeId; readonly localNode: NodeId }
  /** `unsent`: what waited to be sent. */
  | { readonly type: 'disconnected'; readonly nodeId: NodeId; readonly localNode: NodeId; readonly unsent: readonly Uint8Array[] }
  /** A parked envelope had its last attempt, or gave way to newer ones. */
  | { readonly type: 'undelivered'; readonly nodeId: NodeId; readonly payload: Uint8Array };

/** Notifications that wait for the first subscriber, and the bytes of all of them, as far as payloads go. */
export const EARLY_MAX = 65_535;
export const EARLY_BYTES_MAX = 64 * 1_024 * 1_024;
/** What a notification or a payload costs beside its bytes. */
const OVERHEAD_BYTES = 128;

export class PeerNotifications {
  readonly #early = new BoundedQueue<PeerNotification>({
    ...{ name: 'peer notifications', policy: 'drop-oldest' },
    ...{ lengthMax: EARLY_MAX, bytesMax: EARLY_BYTES_MAX, sizeOf: bytesOf },
  });
  readonly #listeners = new Callbacks<PeerNotification>();

  constructor(private readonly failed: FailedOne) {}

  subscribe(listener: (notification: PeerNotification) => void): () => void {
    const unsubscribe = this.#listeners.add(listener);
    for (let early = this.#early.shift(); early !== undefined; early = this.#early.shift()) this.#listeners.call(early, this.failed);
    return unsubscribe;
  }

  notify(notification: PeerNotification): void {
    if (this.#listeners.size === 0) this.#early.push(notification);
    else this.#listeners.call(notification, this.failed);
  }
}

function bytesOf(notification: PeerNotification): number {
  const unsent = notification.type === 'disconnected' ? notification.unsent : [];
  const payloads = notification.type === 'undelivered' ? [notification.payload] : unsent;
  return payloads.reduce((sum, { length }) => sum + OVERHEAD_BYTES + length, OVERHEAD_BYTES);
}
