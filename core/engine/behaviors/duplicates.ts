/** @module Duplicates: why a node does not take a behaviour in beside those that it has. */
import { type NodeId, shortId } from '../../address/node-id.js';
import { NetworkError } from '../../errors.js';
import type { BehaviorSlot } from './owner.js';

export function serviceTaken(serviceId: number, by: string, holder: string): NetworkError {
  return new NetworkError('BEHAVIOR_DUPLICATE', `service ${serviceId} of ${by} is taken by ${holder}`);
}

export function nameTaken(name: string, { serviceId, name: other }: BehaviorSlot): NetworkError {
  return new NetworkError(
    'BEHAVIOR_DUPLICATE',
    `the name ${name} is taken by ${other} with the service ${serviceId}: metrics have one name for both`,
  );
}

export function instanceTaken(name: string, nodeId: NodeId): NetworkError {
  const flaw = `this instance of ${name} belongs to node ${shortId(nodeId)}`;
  return new NetworkError('BEHAVIOR_DUPLICATE', `${flaw}; give each node an instance of its own, or the class`);
}
