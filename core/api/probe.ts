/**
 * @module Probe: a small datagram without a session, by which nodes open the way to each other through NATs (RFC 5128, 3.3): a NAT lets in what
 * answers to a datagram that has left. It proves nothing but that its sender knows the token, and can receive where it comes from only if
 * something is sent there.
 */
import type { Address } from '../address/address.js';

/** A probe that has come. */
export interface Probe {
  /** Where it comes from, as this node's side of all NATs sees it. */
  readonly from: Address;
  /** The socket that it came to: for `dialBack`. */
  readonly socketId: number;
}

/** What a probe carries, which its receiver awaits: random, and secret between the two. */
export const PROBE_TOKEN_BYTES = 16;
/** Fresh sockets from which one probe may be sent. */
export const PROBE_SOCKETS_MAX = 256;
/** For how long a token may be awaited, in milliseconds. */
export const PROBE_MS_MAX = 60_000;
