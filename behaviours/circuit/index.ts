/**
 * @module Circuits' public surface: what other behaviours and applications may use of them.
 */
export { CircuitBehavior, type CircuitReport } from './behavior.js';
export type { CircuitCounters, CircuitOptions } from './options.js';
export type { RelayReport } from './relay.js';
