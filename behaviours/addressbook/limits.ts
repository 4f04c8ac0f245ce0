/**
 * @module Limits of the address book, as `node.limits()` shows them.
 */
import type { BehaviorLimits } from '../../core/index.js';
import { BOOK_LIMITS } from './book/book.js';
import { SEEDS_MAX } from './dial/configured.js';
import { GOSSIP_LIMITS } from './gossip/gossip.js';
import type { AddressBookSetup } from './options.js';
import { PROTECTED_LIMITS } from './policy/protected.js';

export function limitsOf({ dialWorkers, attemptsMax }: Pick<AddressBookSetup, 'dialWorkers' | 'attemptsMax'>): BehaviorLimits {
  return {
    ...FIXED,
    dialWorkers: { value: dialWorkers, unit: 'count', atTheBound: 'further dials wait' },
    attemptsMax: {
      value: attemptsMax,
      unit: 'count',
      atTheBound: 'an address of a discovered node is given up, and dialled again an hour later',
    },
  };
}

const FIXED: BehaviorLimits = {
  entriesMax: {
    value: BOOK_LIMITS.entriesMax,
    unit: 'count',
    atTheBound: 'a node that was never connected gives way, of the source with most; without one, the node that was connected longest ago',
  },
  perSourceMax: { value: BOOK_LIMITS.perSourceMax, unit: 'count', atTheBound: 'further nodes that this neighbour claims are ignored' },
  perGroupMax: {
    value: BOOK_LIMITS.perGroupMax,
    unit: 'count',
    atTheBound: 'further nodes that are claimed in this group of addresses are ignored',
  },
  hintLifetimeMs: { value: BOOK_LIMITS.hintLifetimeMs, unit: 'ms', atTheBound: 'a hint that was not confirmed is forgotten' },
  provenLifetimeMs: {
    value: BOOK_LIMITS.provenLifetimeMs,
    unit: 'ms',
    atTheBound: 'a node that was not connected for so long is forgotten',
  },
  newsMax: { value: GOSSIP_LIMITS.newsMax, unit: 'count', atTheBound: 'the oldest records are left to the comparison of digests' },
  seedsMax: { value: SEEDS_MAX, unit: 'count', atTheBound: 'of addresses without a node id: addPeers throws LIMIT_EXCEEDED' },
  protectedMax: { value: PROTECTED_LIMITS.nodesMax, unit: 'count', atTheBound: 'protect throws LIMIT_EXCEEDED' },
};
