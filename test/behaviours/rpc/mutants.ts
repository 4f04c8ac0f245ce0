/**
 * @module Mutants of calls: ways to break the contract of docs/rpc.md, each as a change of one method of the implementation. A checker of histories that is
 * worth something finds each.
 */
import { IncomingCalls } from '../../../behaviours/rpc/incoming-calls.js';
import { OutgoingCall } from '../../../behaviours/rpc/outgoing-call.js';
import { OutgoingCalls } from '../../../behaviours/rpc/outgoing-calls.js';
import { Requester } from '../../../core/kits/exchange/requester.js';

type Methods = Record<string, (...args: never[]) => unknown>;
type Original = (this: unknown, ...args: unknown[]) => unknown;

/** Changes a method until the returned function is called. */
function change(type: { readonly prototype: object }, name: string, make: (original: Original) => Original): () => void {
  const methods = type.prototype as Methods;
  const original = methods[name] as unknown as Original;
  methods[name] = make(original) as never;
  return () => {
    methods[name] = original as never;
  };
}

/** By what they do wrong; each returns what undoes it. */
export const MUTANTS: Readonly<Record<string, () => () => void>> = {
  'calls have no deadline here': () => change(Requester, 'wait', () => () => undefined),
  'deadlines are twice as long': () =>
    change(
      Requester,
      'wait',
      (wait) =>
        function (agent, exchange, timeoutMs) {
          return wait.call(this, agent, exchange, 2 * (timeoutMs as number));
        },
    ),
  'a lost connection is told as unreachable': () =>
    change(
      OutgoingCall,
      'failed',
      (failed) =>
        function (failure) {
          const { code } = failure as { readonly code: string };
          return failed.call(this, code === 'RPC_PEER_GONE' ? { ...(failure as object), code: 'RPC_UNREACHABLE' } : failure);
        },
    ),
  'a call whose connection is lost is made again': () =>
    change(
      OutgoingCall,
      'failed',
      (failed) =>
        function (this: unknown, failure) {
          const call = this as { host: OutgoingCalls; isMadeAgain?: boolean };
          if ((failure as { readonly code: string }).code !== 'RPC_PEER_GONE' || call.isMadeAgain === true)
            return failed.call(this, failure);
          call.isMadeAgain = true;
          return call.host.act((agent) => call.host.start(agent, this as OutgoingCall));
        },
    ),
  'an answer is given to another call': () => {
    let last: unknown;
    return change(
      OutgoingCalls,
      'read',
      (read) =>
        function (agent, head) {
          const answer = read.call(this, agent, head) as { readonly type: string } | undefined;
          if (answer?.type !== 'ok') return answer;
          const given = last ?? answer;
          last = answer;
          return given;
        },
    );
  },
  'a request is handled twice': () =>
    change(
      IncomingCalls,
      'onRequest',
      (onRequest) =>
        function (agent, head, peer, carrier) {
          onRequest.call(this, agent, head, peer, carrier);
          return onRequest.call(this, agent, head, peer, carrier);
        },
    ),
  'a request that was handled is answered as refused': () =>
    change(
      IncomingCalls,
      'answerOk',
      () =>
        function (this: unknown, call) {
          return (this as IncomingCalls).answerError(call as never, 'RPC_OVERLOADED', 'not now', 0);
        },
    ),
};
