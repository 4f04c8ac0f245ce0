/**
 * @module AdvertisePolicy: which nodes two neighbours advertise to each other, where not everybody has to know everybody.
 */
import type { NodeId } from '../../../core/address/node-id.js';

/** Both sides of a link have to go by the same rule. */
export interface AdvertisePolicy {
  /** Whether `sender` advertises a node to `receiver`. What comes against the rule is not taken. */
  isAdvertised(nodeId: NodeId, receiver: NodeId, sender: NodeId): boolean;
  /** What stands under the id, in a few letters for people. */
  labelOf(id: NodeId): string;
}
