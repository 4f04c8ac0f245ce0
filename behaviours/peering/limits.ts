/**
 * @module Limits of the peering behaviour, as `node.limits()` shows them.
 */
import type { BehaviorLimits } from '../../core/index.js';
import { WAITERS_MAX } from './inbox.js';
import type { PeeringSetup } from './options.js';
import { UP_WAITERS_MAX } from './peers/peer-keeper.js';

export function peeringLimits({
  peersMax,
  queueFrames,
  frameWaitMs,
  inboxFrames,
  frameBytesMax,
  inboxPolicy,
}: PeeringSetup): BehaviorLimits {
  const atInbox = inboxPolicy === 'hold-back' ? 'the peer waits until there is room' : `a frame is dropped (${inboxPolicy})`;
  return {
    peersMax: {
      value: peersMax,
      unit: 'count',
      atTheBound: 'startPeering throws LIMIT_EXCEEDED; of accepted peers the one longest away gives way',
    },
    queueFrames: { value: queueFrames, unit: 'count', atTheBound: 'of one peer: a further frame comes back at once' },
    frameWaitMs: { value: frameWaitMs, unit: 'ms', atTheBound: 'a frame that was not sent comes back' },
    inboxFrames: { value: inboxFrames, unit: 'count', atTheBound: atInbox },
    frameBytesMax: {
      value: frameBytesMax,
      unit: 'bytes',
      atTheBound: 'a longer frame comes back; one from a remote closes the connection',
    },
    nextWaitersMax: { value: WAITERS_MAX, unit: 'count', atTheBound: 'next() rejects with LIMIT_EXCEEDED' },
    upWaitersMax: { value: UP_WAITERS_MAX, unit: 'count', atTheBound: 'whenUp() rejects with LIMIT_EXCEEDED' },
  };
}
