/**
 * @module Ports of the exchange kit: what its machines need from the behaviour that they work for. A `BehaviorAgent` and a `RouterTable` are
 * more than enough; tests bring less.
 */
import type { BehaviorAgent } from '../../api/agent.js';
import type { RouterTable } from '../../api/router-table.js';
import type { Message } from '../../wire/message.js';
import type { CorrelationId } from './messages.js';

/** Time, randomness and sending, during a callback. */
export type ExchangeAgent = Pick<BehaviorAgent, 'nowMs' | 'random' | 'send' | 'connections'>;
/** Where nodes, keys and services are reached now. */
export type ExchangeRoutes = Pick<RouterTable, 'pathAround' | 'pathToNode' | 'pathToKey' | 'pathToService' | 'providerOf' | 'isSought'>;
/** Where a message came from. */
export type Origin = Pick<Message, 'source' | 'sourceVerified' | 'connectionId'>;

/** How often a request or an answer is sent again that a relay could not forward, and how long each retry waits; the first one does not where another next hop exists. */
export const RESEND_MS: readonly number[] = [50, 200];
export const SENDS_MAX = 1 + RESEND_MS.length;

/** Messages of one stream id keep their provider; 0 would name none. */
export function streamIdOf({ idLow }: CorrelationId): number {
  return idLow >>> 0 || 1;
}
