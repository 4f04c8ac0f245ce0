/**
 * @module Limits of envelopes, as `node.limits()` shows them.
 */
import type { BehaviorLimits } from '../../core/index.js';
import { CAPACITY_MAX } from './channel.js';

/** The capacities of a mesh bound the rest: so many envelopes are granted and may wait. */
export const ENVELOPES_LIMITS: BehaviorLimits = {
  outgoingMax: {
    value: CAPACITY_MAX,
    unit: 'count',
    atTheBound: 'of one connection, if its mesh has no lower capacity: send() returns full',
  },
};
