/**
 * @module Votes: how behaviours and connection policies refuse a connection. The reason reaches the remote as the close code, so that both sides can
 * tell a node that is full from one that objects.
 */
import type { CloseCode } from '../errors.js';

/**
 * `limited`: there are enough connections; the address is asked again later. `invalid`: what the remote is or says of itself is not acceptable.
 * `custom`: what the text says.
 */
export type RejectReason = 'limited' | 'invalid' | 'custom';

/** A refusal. The remote is sent both; of the text 256 bytes at most. */
export interface Rejection {
  readonly reason: RejectReason;
  readonly text?: string;
}

/** `undefined` lets the connection pass; a text alone is a `custom` rejection. */
export type Vote = string | Rejection | undefined;

/** What goes over the wire for each reason. */
export const REJECTION_CODES = {
  limited: 'rejected-limited',
  invalid: 'rejected-invalid',
  custom: 'rejected',
} as const satisfies Record<RejectReason, CloseCode>;

/** The reason of a connection that a vote ended; `undefined` for one that ended otherwise. */
export function rejectReasonOf(code: CloseCode): RejectReason | undefined {
  const reasons = Object.keys(REJECTION_CODES) as RejectReason[];
  return reasons.find((reason) => REJECTION_CODES[reason] === code);
}
