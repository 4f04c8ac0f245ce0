/**
 * @module Snapshot: what applications see of an entry: copies.
 */
import type { NodeId } from '../../../core/index.js';
import type { Entry } from './entry.js';
import type { AddressOrigin, KnownAddress } from './known-address.js';

export interface AddressSnapshot {
  readonly text: string;
  /** Where it comes from: the user of this node, the node that it leads to, or a third node. */
  readonly origin: AddressOrigin;
  /** Dials, ever, and those that failed since the last success. */
  readonly attempts: number;
  readonly failures: number;
  /** Wall time of the last success. */
  readonly succeededMs: number | undefined;
  readonly backoffMs: number;
  /** Another node answered there, or this one. */
  readonly isWrong: boolean;
}

export interface EntrySnapshot {
  readonly nodeId: NodeId;
  readonly addresses: readonly AddressSnapshot[];
  /** `seq` of its signed record. */
  readonly seq: number | undefined;
  readonly isConnected: boolean;
  /** It was connected once, in this run or an earlier one. */
  readonly isProven: boolean;
  readonly isPersistent: boolean;
  /** Its source, while it is unproven: the id of a node, or the name of another source of hints. */
  readonly source: string | undefined;
}

export function snapshotOf({ nodeId, addresses, record, isConnected, isProven, isPersistent, source }: Entry): EntrySnapshot {
  return { nodeId, addresses: addresses.map(snapshotOfAddress), seq: record?.seq, isConnected, isProven, isPersistent, source };
}

function snapshotOfAddress({ text, origin, attempts, failures, succeededMs, backoffMs, isWrong }: KnownAddress): AddressSnapshot {
  return { text, origin, attempts, failures, succeededMs, backoffMs, isWrong };
}
