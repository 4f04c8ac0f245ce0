/**
 * @module Exchange kit: one request, one answer (or a stream of them), over any number of relays. `Exchanges` is both sides of a behaviour; its
 * `Requester` and its `Responder` are pure machines that send through the agent of the callback at hand. Every message begins with the
 * exchange's own correlation id (`messages.ts`). What the kit guarantees: every exchange ends once; one node handles a request at most once;
 * a request is sent three times at most; everything that is kept is bounded, and nothing is left of what has ended.
 */
export { Exchange, type ExchangeFailure } from './exchange.js';
export { type ExchangeCounters, type ExchangeOptions, Exchanges, type ExchangeUser } from './exchanges.js';
export { ANSWER_HEAD_BYTES, type CorrelationId, HEAD_BYTES, type MessageHead, OWN_KINDS_MIN } from './messages.js';
export type { Peer, UnicastRoute } from './peers.js';
export type { ExchangeAgent, ExchangeRoutes, Origin } from './port.js';
export type { Requester, RequesterCounters } from './requester.js';
export type { AnswerTarget, ReachedBound, Responder, ResponderBounds, ResponderCounters } from './responder.js';
export { type ServedEnd, ServedRequest } from './served-request.js';
