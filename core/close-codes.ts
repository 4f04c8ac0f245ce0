/**
 * @module Close codes: why connections end, as literals with a number for the wire. `errors.ts` passes them on.
 */

/** Why a connection ended, with the number that the wire's `close` message carries. */
export const CLOSE_CODES = {
  /** Asked for by this node's application or the remote's; also the goodbye of stop(). */
  goodbye: 1,
  /** Another link between the two nodes was chosen. */
  duplicate: 2,
  /** More than six replacements a minute: two processes use one key. */
  'duplicate-identity': 3,
  /** A behaviour's vote or the connection policy refused it. */
  rejected: 4,
  /** The remote broke the wire protocol. */
  'protocol-error': 5,
  /** A limit, such as the number of connections. */
  limit: 6,
  /** No application traffic, and it is not held. */
  idle: 7,
  /** Nothing was received for the silence limit, or it was not open in time. */
  timeout: 8,
  /** A gate refused it or was stopped. */
  gate: 9,
  /** The remote is this node. */
  self: 10,
  /** The remote is not the node that was dialled. */
  'wrong-node': 11,
  /** The channel ended without a goodbye. */
  truncated: 12,
  /** The secure handshake failed, or a record did not authenticate. */
  'handshake-failed': 13,
  'record-failed': 14,
  /** The remote uses another protocol version. */
  version: 15,
  /** The channel failed beneath the link. */
  transport: 16,
  /** More was received than the limit readQueueBytesMax lets wait, over a transport that cannot pause. */
  'read-queue-full': 17,
  /** A vote refused it, because there are enough connections. */
  'rejected-limited': 18,
  /** A vote refused it, because of what the remote is or says of itself. */
  'rejected-invalid': 19,
} as const satisfies Record<string, number>;

export type CloseCode = keyof typeof CLOSE_CODES;

/** How a connection ended. `text` may be the remote's words: at most 256 bytes, never to be shown unescaped. */
export interface CloseReason {
  readonly code: CloseCode;
  readonly text: string;
  /** Who ended it. */
  readonly by: 'local' | 'remote';
}

const CODE_BY_NUMBER = new Map<number, CloseCode>(Object.entries(CLOSE_CODES).map(([code, number]) => [number, code as CloseCode]));

/** The literal of a wire number; an unknown one reads as `goodbye`. */
export function closeCodeOf(number: number): CloseCode {
  return CODE_BY_NUMBER.get(number) ?? 'goodbye';
}
