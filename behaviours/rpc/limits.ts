/**
 * @module Limits of the rpc behaviour, as `node.limits()` shows them.
 */
import type { BehaviorLimits } from '../../core/index.js';
import { EXCHANGE_LIMITS } from '../../core/kits/exchange/limits.js';
import type { RpcSettings } from './options.js';

export function rpcLimits({ callsMax, workPerNodeMax, workPerRelayMax, workMax, windowItems }: RpcSettings): BehaviorLimits {
  const { keptAnswersMax, keptAnswerBytesMax, keptRequestBytesMax } = EXCHANGE_LIMITS;
  return {
    callsMax: { value: callsMax, unit: 'count', atTheBound: 'a further call fails with LIMIT_EXCEEDED' },
    workPerNodeMax: { value: workPerNodeMax, unit: 'count', atTheBound: 'a further request of that node is answered RPC_OVERLOADED' },
    workPerRelayMax: { value: workPerRelayMax, unit: 'count', atTheBound: 'a further request over that relay is answered RPC_OVERLOADED' },
    workMax: { value: workMax, unit: 'count', atTheBound: 'a further request is answered RPC_OVERLOADED' },
    windowItems: { value: windowItems, unit: 'count', atTheBound: 'the remote waits until its reader asks for more' },
    keptAnswersMax: { value: keptAnswersMax, unit: 'count', atTheBound: 'the oldest answer over relays is not sent again' },
    keptAnswerBytesMax: { value: keptAnswerBytesMax, unit: 'bytes', atTheBound: 'as keptAnswersMax' },
    keptRequestBytesMax: { value: keptRequestBytesMax, unit: 'bytes', atTheBound: 'a further request over relays is sent once' },
  };
}
