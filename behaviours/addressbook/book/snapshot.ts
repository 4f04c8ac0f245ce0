/**
 * @module Snapshot: what applications see of an entry: copies.
 */
import type { NodeId } from '../../../core/index.js';
import type { Entry } from './entry.js';
import type { AddressOrigin, KnownAddress } from './known-address.js';
import type { PeerRules } from './peer-rules.js';

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
  /** This node dials it. False for what was added with `outbound: false`. */
  readonly isOutbound: boolean;
  /** How it is dialled, where that was configured for it. */
  readonly rules: PeerRules | undefined;
  /** Its source, while it is unproven: the id of a node, or the name of another source of hints. */
  readonly source: string | undefined;
}

export function snapshotOf({
  nodeId,
  addresses,
  record,
  isConnected,
  isProven,
  isPersistent,
  isPassive,
  rules,
  source,
}: Entry): EntrySnapshot {
  const standing = { isConnected, isProven, isPersistent, isOutbound: !isPassive };
  return { nodeId, addresses: addresses.map(snapshotOfAddress), seq: record?.seq, ...standing, rules, source };
}

function snapshotOfAddress({ text, origin, attempts, failures, succeededMs, backoffMs, isWrong }: KnownAddress): AddressSnapshot {
  return { text, origin, attempts, failures, succeededMs, backoffMs, isWrong };
}
