/**
 * @module Frames to a peer, and their outcomes.
 */
import { frameOf } from './messages.js';

/** Why a frame comes back. */
export type ReturnReason =
  /** No peer has that target. */
  | 'unknown-target'
  /** The peer is limited: this side may not send to it. */
  | 'not-allowed'
  /** Longer than this node or the peer takes. */
  | 'too-large'
  /** As many frames as may wait for this peer do so already. */
  | 'full'
  /** It has waited for its whole time. */
  | 'expired'
  /** The peer was removed, forgotten or given up. */
  | 'peer-gone'
  /** The target is the one to be left out. */
  | 'excluded'
  /** The `AbortSignal` of the call. */
  | 'cancelled'
  /** The behaviour does not run: not yet, or no more. */
  | 'stopped';

/** What became of a frame. */
export type FrameOutcome =
  /** The peer's endpoint has it. */
  | { readonly type: 'delivered' }
  /** It comes back, with its bytes unchanged. `mayHaveArrived`: it was on a link that ended before the peer confirmed it. */
  | { readonly type: 'returned'; readonly reason: ReturnReason; readonly frame: Uint8Array; readonly mayHaveArrived: boolean };

export class OutgoingFrame {
  /** When it comes back if it was not sent. */
  dueMs = Number.POSITIVE_INFINITY;
  /** It was on a link that has ended. */
  mayHaveArrived = false;

  constructor(
    /** The message that carries it (`messages.ts`). */
    readonly wire: Uint8Array,
    private readonly settle: (outcome: FrameOutcome) => void,
  ) {}

  delivered(): void {
    this.settle({ type: 'delivered' });
  }

  returned(reason: ReturnReason): void {
    this.settle({ type: 'returned', reason, frame: frameOf(this.wire), mayHaveArrived: this.mayHaveArrived });
  }
}
