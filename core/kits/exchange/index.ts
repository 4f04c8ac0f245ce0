/**
 * @module Exchange kit: one request, one answer (or a stream of them), over any number of relays. A `Requester` and a `Responder` on each node, over
 * the same `Peers`; both are pure machines that send through the agent of the callback at hand, and are woken at `nextDueMs`. Every message
 * begins with the exchange's own correlation id (`messages.ts`). What the kit guarantees: every exchange ends once; one node handles a
 * request at most once; a request is sent three times at most; everything that is kept is bounded, and nothing is left of what has ended.
 */
export { Exchange, type ExchangeFailure } from './exchange.js';
export {
  ANSWER,
  ANSWER_HEAD_BYTES,
  ASK,
  CANCEL,
  type CorrelationId,
  HEAD_BYTES,
  MessageHead,
  OWN_KINDS_MIN,
  REQUEST,
  UNKNOWN,
} from './messages.js';
export { type Peer, Peers, type Target, type UnicastRoute } from './peers.js';
export type { ExchangeAgent, ExchangeRoutes, Origin } from './port.js';
export { Requester, type RequesterCounters } from './requester.js';
export { type Admission, type AnswerTarget, Responder, type ResponderBounds } from './responder.js';
export { type ServedEnd, ServedRequest } from './served-request.js';
