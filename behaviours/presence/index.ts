/**
 * @module Presence's public surface: what other behaviours and applications may use of it.
 */
export { type Ending, PresenceBehavior } from './behavior.js';
export type { Carrier, PresenceEvent } from './carrier.js';
export type { PresenceCounters, PresenceOptions } from './options.js';
export type { PresenceWatch } from './presence-watch.js';
