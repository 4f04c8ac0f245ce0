/**
 * @module RelayedRequest: what is known of an own request that left over relays, until its call ends. It decides nothing.
 */
import { type CallRequest, PENDING_FULL } from '../../core/index.js';
import type { Outgoing } from './outgoing-call.js';

/** When the node is asked first whether it has the call; then each time after twice as long. */
export const ASK_MS = 2_000;

export class RelayedRequest {
  /** Where it left last, and where the table would have sent it. */
  connectionId: number | undefined = undefined;
  usualId: number | undefined = undefined;
  /** How often it was sent. */
  sentCount = 0;
  /** Looks in a row that found the way changed. */
  strayCount = 0;
  /** The node has said something. */
  isDelivered = false;
  /** The last message was the question whether the node has it. */
  isAsked = false;
  /** When the node is to be asked. */
  askMs: number;
  /** Questions that relays could not hand on. */
  askLostCount = 0;
  /** In the table of those that go again. */
  retryId = PENDING_FULL;

  /** `bytes`: as it is sent; absent when it may not go again. `streamId`: of its last message. */
  constructor(
    readonly call: Outgoing,
    readonly request: CallRequest,
    public bytes: Uint8Array | undefined,
    public streamId: number,
    /** When it was sent first. */
    readonly firstMs: number,
  ) {
    this.askMs = firstMs + ASK_MS;
  }
}
