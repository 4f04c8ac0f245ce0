/**
 * @module Carrier: a node that carries a tag, as it says of itself, and the changes that followers are sent.
 */
import { isNodeId, type NodeId } from '../../core/index.js';
import { fields, list, messageReader, text } from '../../core/schema/index.js';
import type { MapEntry } from '../keyvalue/index.js';

/** As many as a signed record of addresses has. */
const ADDRESSES_MAX = 8;
const ADDRESS_LENGTH_MAX = 256;
const INSTANCE_LENGTH = 16;

/** What a node writes of itself. */
export interface Claim {
  /** Where it is to be dialled. */
  readonly addresses: readonly string[];
  /** Of this start. */
  readonly instance: string;
}

/** A node that carries a tag. */
export interface Carrier {
  readonly nodeId: NodeId;
  readonly addresses: readonly string[];
}

/** A node carries a tag from now on, or does not any more. */
export type PresenceEvent = Carrier & {
  readonly type: 'joined' | 'left';
  /** It carried the tag when this node began to follow that. */
  readonly isInitial: boolean;
};

export const readClaim = messageReader<Claim>(
  fields({ addresses: list(text(ADDRESS_LENGTH_MAX), ADDRESSES_MAX), instance: text(INSTANCE_LENGTH) }),
);

/** The claim of an entry, if its node has written it. */
export function claimOf({ key, source, value }: Pick<MapEntry<unknown>, 'key' | 'source' | 'value'>): Claim | undefined {
  return isNodeId(key) && key === source ? readClaim(value) : undefined;
}
