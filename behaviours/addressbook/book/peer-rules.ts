/**
 * @module PeerRules: how a configured node is dialled, where its user has said so. Data.
 */
import type { Address } from '../../../core/index.js';
import type { BackoffOptions } from '../../../core/structures/back-off.js';

/** How often and after which waits a configured node is dialled. */
export interface PeerRules {
  /** Failed dials in a row after which it is given up; `undefined`: it is dialled for ever. */
  readonly attemptsMax: number | undefined;
  readonly backoff: BackoffOptions;
}

/** A node that the user wants connected, or at least known. */
export interface WantedPeer {
  readonly address: Address;
  /** `undefined`: as the options of the book have it. */
  readonly rules: PeerRules | undefined;
}
