/**
 * @module SpeechPolicy: which nodes two neighbours speak of, where not everybody has to know of everybody.
 */
import type { NodeId } from '../../../core/address/node-id.js';

/** Both sides of a link have to go by the same rule. */
export interface SpeechPolicy {
  /** Whether `sender` tells `receiver` of a node. What is told against the rule is not taken. */
  isTold(nodeId: NodeId, receiver: NodeId, sender: NodeId): boolean;
  /** What stands under the id, in a few letters for people. */
  labelOf(id: NodeId): string;
}
