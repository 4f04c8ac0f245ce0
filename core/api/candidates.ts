/**
 * @module Candidates: what a connection policy gets to know of the connections and nodes that it decides about (`ports.ts`).
 */
import type { Address } from '../address/address.js';
import type { NodeId } from '../address/node-id.js';

export interface PolicyCandidate {
  readonly connectionId: number;
  readonly nodeId: NodeId;
  readonly direction: 'incoming' | 'outgoing';
  readonly openedMs: number;
  readonly lastTrafficMs: number;
  readonly isHeld: boolean;
  readonly remoteAddress: Address;
  /** Smoothed; absent before the first answer to a ping. */
  readonly rttMs: number | undefined;
}

/** A node that discovery could connect to. */
export interface DialCandidate {
  readonly nodeId: NodeId;
  readonly addresses: readonly Address[];
  /** Whether it was connected before, in this run or an earlier one. */
  readonly isProven: boolean;
  /** Of the addresses, where they have one: who is likely to be in one hand. */
  readonly groups: readonly string[];
}
